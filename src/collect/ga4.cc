#include "collect/ga4.h"

#include <fmt/format.h>

#include "base/derived_id.h"
#include "collect/request_body.h"
#include "model/timestamp.h"

namespace millrace::collect {

namespace json = boost::json;
using Value = const json::value*;

namespace {

/// Returns whether each item of such an event becomes an event.
bool has_items(std::string_view type) {
    return type == "view" || type == "add_to_cart" || type == "remove_from_cart" || type == "purchase" ||
           type == "refund";
}

void set_time(json::object& event, Value micros) {
    if (micros == nullptr) return;
    std::int64_t time = 0;
    boost::system::error_code inexact;
    if (micros->is_number()) {
        time = micros->to_number<std::int64_t>(inexact);
    } else if (micros->is_string()) {  // Google's JSON writes 64-bit integers as strings
        const auto parsed = json::parse(micros->get_string(), inexact);
        if (!inexact && parsed.is_number()) time = parsed.to_number<std::int64_t>(inexact);
    }
    if (inexact || time == 0) {
        event["timestamp"] = *micros;  // quarantine reports the invalid value
    } else {
        event["timestamp"] = model::format_timestamp(model::from_us(time));
    }
}

std::string_view text_in(const json::object& event, std::string_view field) {
    const auto* value = event.if_contains(field);
    return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                  : std::string_view();
}

/// Returns the id of one item of a purchase. It contains the transaction, so that a purchase that is sent
/// again adds nothing. It also depends on source and client: transactions can be guessed, and a sender that
/// may only write could otherwise claim another client's purchase before it arrives.
std::string purchase_id(const json::object& event, std::string_view source, std::size_t number) {
    const std::string_view transaction = text_in(event, "order_id");
    const std::string sender = base::derived_id({source, text_in(event, "user_id"), transaction});
    return fmt::format("ga4:purchase:{}#{}@{}", transaction, number, std::string_view(sender).substr(0, 16));
}

/// Adds one of the items of `event`.
void add_item(json::object event, const json::array& items, std::size_t number, Value parameters,
              std::string_view source, EventArray& events) {
    const Value item = &items[number];
    set_text(event, "product_id", first_of(find(item, "item_id"), find(item, "item_name")));
    set(event, "product_category", find(item, "item_category"));
    set_number(event, "price", find(item, "price"));
    set_number(event, "quantity", find(item, "quantity"));
    if (!event.contains("price") && items.size() == 1) set_number(event, "price", find(parameters, "value"));
    // Only purchases get such an id, because a transaction may have several refunds.
    if (event.at("event_type") == "purchase" && !text_in(event, "order_id").empty())
        event["event_id"] = purchase_id(event, source, number);
    events.add(event);
}

void add(Value message, Value sent, std::string_view source, EventArray& events) {
    const Value name = find(sent, "name");
    if (name == nullptr || !name->is_string())
        throw BadBody("an event has no `name`", "Add it: \"name\": \"view_item\".");
    const Value parameters = find(sent, "params");
    const std::string_view given = name->get_string();
    const std::string type = given == "view_item" ? "view" : type_of(given);
    json::object event{{"event_type", type}};
    set_text(event, "user_id", first_of(find(message, "user_id"), find(message, "client_id")));
    set_time(event, first_of(find(sent, "timestamp_micros"), find(message, "timestamp_micros")));
    set_text(event, "session_id", find(parameters, "session_id"));
    set(event, "page_url", find(parameters, "page_location"));
    set(event, "referrer", find(parameters, "page_referrer"));
    set(event, "user_agent", find(message, "user_agent"));
    set(event, "device_type", find(find(message, "device"), "category"));
    set(event, "currency", find(parameters, "currency"));
    set_text(event, "order_id", find(parameters, "transaction_id"));
    const Value items = find(parameters, "items");
    if (!has_items(type) || items == nullptr || !items->is_array() || items->get_array().empty()) {
        events.add(event);
        return;
    }
    const json::array& all = items->get_array();
    for (std::size_t i = 0; i < all.size(); ++i) add_item(event, all, i, parameters, source, events);
}

}  // namespace

Translation translate_ga4(std::string_view body, std::string_view source, std::size_t max_bytes) {
    const json::value message = parse_object(body);
    const Value sent = find(&message, "events");
    if (sent == nullptr || !sent->is_array())
        throw BadBody("it has no `events`", "Send {\"client_id\": …, \"events\": […]}.");
    EventArray events(max_bytes);
    for (const json::value& each : sent->get_array()) add(&message, &each, source, events);
    return {.events = events.take()};
}

}  // namespace millrace::collect
