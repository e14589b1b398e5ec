#pragma once

#include <optional>
#include <string_view>

#include "model/timestamp.h"

namespace millrace::model {

/// Returns true for an ISO 4217 alphabetic code that is in use.
[[nodiscard]] bool is_currency(std::string_view code);

/// Returns the ISO 4217 code, in upper case, if it is in use or was in use at `when`. `code` may have lower
/// case letters. The result is a view of constant text.
[[nodiscard]] std::optional<std::string_view> currency_at(std::string_view code, Timestamp when);

}  // namespace millrace::model
