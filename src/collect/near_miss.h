#pragma once

#include <optional>
#include <string_view>

namespace millrace::collect {

/// `name` itself when it is one of an event's fields, which lasts as long as the program; else empty.
std::string_view known_field(std::string_view name);

/// The event's field that an unknown name was probably meant for, such as `product_id` for `productId`;
/// nothing for a known field, and for a name that is like none.
std::optional<std::string_view> meant_field(std::string_view name);

/// Likewise the known event type, such as `view` for `viewed` or `Purchase`.
std::optional<std::string_view> meant_type(std::string_view type);

}  // namespace millrace::collect
