#pragma once

#include <optional>
#include <string_view>

namespace millrace::collect {

/// Returns `name` if it is one of an event's fields, or an empty view. The view is valid for the life of the
/// program.
std::string_view known_field(std::string_view name);

/// Returns the event's field that an unknown name was probably meant for, such as `product_id` for
/// `productId`. Returns nullopt for a known field, and for a name that resembles none.
std::optional<std::string_view> intended_field(std::string_view name);

/// Returns the known event type that `type` was probably meant for, such as `view` for `viewed` or
/// `Purchase`. Returns nullopt for a known type, and for a type that resembles none.
std::optional<std::string_view> intended_type(std::string_view type);

}  // namespace millrace::collect
