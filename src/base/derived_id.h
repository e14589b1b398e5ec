#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace millrace::base {

/// Returns 32 hexadecimal digits that are a hash of these texts in this order. Equal lists of texts give
/// equal ids, and different lists give different ids, whatever characters they have. So an event that is sent
/// again keeps its id.
std::string derived_id(std::initializer_list<std::string_view> texts);

}  // namespace millrace::base
