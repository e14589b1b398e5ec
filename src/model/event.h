#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/timestamp.h"

namespace millrace::model {

/// A decoded shop event (docs/formats/event.md). Its strings point into the buffers of the decoder or the
/// log.
struct Event {
    std::string_view event_id;
    std::string_view user_id;
    std::string_view event_type;
    Timestamp timestamp;
    std::optional<std::string_view> product_id;
    std::optional<std::string_view> session_id;
    std::optional<std::string_view> product_category;
    std::optional<std::string_view> device_type;
    std::optional<std::string_view> page_url;
    std::optional<double> price;
    std::int32_t quantity = 1;
    std::optional<std::string_view> order_id;
    std::optional<std::string_view> currency;
    std::optional<std::string_view> user_agent;
    std::optional<std::string_view> referrer;
    bool is_bot = false;  ///< enriched: user_agent is that of a known bot

    /// Resets all fields. This is cheaper than assigning a new Event, because an empty optional's value is
    /// left as it is.
    void reset() {
        event_id = user_id = event_type = {};
        timestamp = {};
        for (auto* text : {&product_id, &session_id, &product_category, &device_type, &page_url, &order_id,
                           &currency, &user_agent, &referrer}) {
            text->reset();
        }
        price.reset();
        quantity = 1;
        is_bot = false;
    }
};

/// Returns true for the event types that require product_id and price.
constexpr bool is_known_type(std::string_view type) {
    return type == "view" || type == "add_to_cart" || type == "purchase" || type == "refund";
}

/// An event with a price above this one (exclusive) is_high_value.
inline constexpr double high_value_price = 500;

}  // namespace millrace::model
