#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace millrace::collect {

/// 32 hexadecimal digits that stand for these texts in this order: the same for the same texts, whatever
/// characters they have, and others for others. An event that is sent again so keeps its id.
std::string derived_id(std::initializer_list<std::string_view> texts);

}  // namespace millrace::collect
