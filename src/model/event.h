#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "model/money.h"
#include "model/timestamp.h"

namespace millrace::model {

/// The parts of an event that most events lack.
struct EventDetails {
    std::optional<std::string_view> anonymous_id;  ///< the visitor's id where user_id is an account's
    std::optional<Timestamp> received_at;          ///< when the collector received the event
    std::optional<Timestamp> device_timestamp;     ///< the sender's clock, where event_timestamp corrects it
    std::optional<std::string_view> product_name;
    std::optional<std::string_view> brand;
    std::optional<std::string_view> coupon;
    std::optional<double> discount;
    std::optional<std::string_view> utm_source;
    std::optional<std::string_view> utm_medium;
    std::optional<std::string_view> utm_campaign;
    std::optional<std::int64_t> quantity_thousandths;  ///< where the quantity is not a whole number
    std::optional<Money> line_total;                   ///< the line's total where the sender gave it
    std::optional<std::string_view> properties;        ///< a JSON object of the fields without a column
    /// Tells the lines of one product in an order apart. The same line sent again has the same number.
    std::optional<std::int64_t> line_number;
    // Amounts of the whole order, which the sender gives with each of its lines.
    std::optional<Money> order_total;     ///< what the customer pays, as the sender computed it
    std::optional<Money> order_discount;  ///< a discount that the lines' prices do not contain
    std::optional<Money> order_shipping;
    std::optional<Money> order_tax;
    std::optional<std::int64_t> order_refused;  ///< lines of the same message that broke a rule

    /// Resets all fields, as Event::reset() does.
    void reset() {
        for (auto* text : {&anonymous_id, &product_name, &brand, &coupon, &utm_source, &utm_medium,
                           &utm_campaign, &properties}) {
            text->reset();
        }
        received_at.reset();
        device_timestamp.reset();
        discount.reset();
        quantity_thousandths.reset();
        line_total.reset();
        line_number.reset();
        order_refused.reset();
        for (auto* amount : {&order_total, &order_discount, &order_shipping, &order_tax}) amount->reset();
    }
};

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
    bool has_details = false;
    EventDetails details;  ///< valid if has_details

    /// Returns the details, which are empty at the first call for an event.
    EventDetails& with_details() {
        if (!std::exchange(has_details, true)) details.reset();
        return details;
    }

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
        has_details = false;
    }
};

/// Returns true for the event types that require product_id and price.
constexpr bool is_known_type(std::string_view type) {
    return type == "view" || type == "add_to_cart" || type == "purchase" || type == "refund";
}

/// Returns true for the types of messages that tell who a visitor is. They have rows in Silver, and are no
/// events of the shop.
constexpr bool is_identity_type(std::string_view type) {
    return type == "identify" || type == "alias" || type == "unlink";
}

/// Begins the product_id of a purchase or refund of a whole order, whose sender did not name its products. It
/// counts in all figures but those of products.
inline constexpr std::string_view whole_order = "order:";

/// An event with a price above this one (exclusive) is_high_value.
inline constexpr double high_value_price = 500;

}  // namespace millrace::model
