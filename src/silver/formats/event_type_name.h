#pragma once

#include <string>
#include <string_view>

namespace millrace::silver {

/// Returns an event type for the name that a sender gave an event: Latin letters in lower case, letters of
/// all scripts and digits and `.` and `-` as they are, and `_` for any other character. A name of more than
/// 64 characters ends in a hash, so that different names have different types. `name` is UTF-8.
std::string event_type_of_name(std::string_view name);

}  // namespace millrace::silver
