#pragma once

#include <string_view>

namespace millrace::model {

/// Returns true for an ISO 4217 alphabetic code that is in use.
[[nodiscard]] bool is_currency(std::string_view code);

}  // namespace millrace::model
