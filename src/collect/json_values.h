#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::collect {

/// The JSON values of a text, one after the other or the elements of one array, however large their numbers
/// are and however deep they nest: slower than simdjson, which takes neither. On broken syntax `error` says
/// what is wrong and where.
std::vector<std::string_view> json_values(std::string_view text, std::string& error);

}  // namespace millrace::collect
