#pragma once

#include <string>
#include <string_view>

namespace millrace::silver {

/// The text of event types, which are directories of the table: letters, marks and digits of any script, and
/// `_`,
/// `.` and `-`; at most max_type_characters, and max_type_bytes so that each file system takes it.
inline constexpr std::size_t max_type_characters = 64;
inline constexpr std::size_t max_type_bytes = 240;

/// Returns `type`, which is UTF-8, in Unicode's normal form C, or an empty text if it cannot be an event
/// type.
std::string normal_type(std::string_view type);

/// Returns an event type for the name that a sender gave an event: Latin letters in lower case, letters,
/// marks and digits of all scripts and `.` and `-` as they are, and `_` for any other character. A name that
/// is too long ends in a hash, so that different names have different types. `name` is UTF-8.
std::string type_of_name(std::string_view name);

}  // namespace millrace::silver
