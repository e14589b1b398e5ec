#pragma once

#include <string_view>

namespace millrace::model {

/// True for an ISO 4217 alphabetic code in use.
[[nodiscard]] bool is_currency(std::string_view code);

}  // namespace millrace::model
