#include "collect/segment_io.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "collect/request_body.h"

namespace millrace::collect {

namespace json = boost::json;
using Value = const json::value*;

namespace {

/// Returns the known type for an event name. Events with other names get a type of that name.
std::optional<std::string_view> known_type(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> types = {{
        {"Product Viewed", "view"},
        {"Product Added", "add_to_cart"},
        {"Product Removed", "remove_from_cart"},
        {"Order Completed", "purchase"},
        {"Order Refunded", "refund"},
    }};
    for (const auto& [known, type] : types) {
        if (name == known) return type;
    }
    return std::nullopt;
}

std::string_view text_of(Value value) {
    return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                  : std::string_view();
}

/// Sets device_type to `mobile`, `desktop` or another type if the message contains it.
void set_device(json::object& event, Value context) {
    const std::string_view type = text_of(find(find(context, "device"), "type"));
    const Value mobile = find(find(context, "userAgentData"), "mobile");
    if (type == "ios" || type == "android" ||
        (mobile != nullptr && mobile->is_bool() && mobile->get_bool())) {
        event["device_type"] = "mobile";
    } else if (!type.empty()) {
        event["device_type"] = type;
    } else if (mobile != nullptr && mobile->is_bool()) {
        event["device_type"] = "desktop";
    }
}

/// Returns the fields that all messages have.
json::object common(Value message, Value context) {
    json::object event;
    const Value properties = find(message, "properties");
    const Value page = find(context, "page");
    set_text(event, "event_id", find(message, "messageId"));
    set_text(event, "user_id", first_of(find(message, "userId"), find(message, "anonymousId")));
    set(event, "timestamp", first_of(find(message, "timestamp"), find(message, "originalTimestamp")));
    set_text(event, "session_id", first_of(find(context, "sessionId"), find(properties, "session_id")));
    set(event, "page_url", first_of(find(page, "url"), find(properties, "url")));
    set(event, "referrer", first_of(find(page, "referrer"), find(properties, "referrer")));
    set(event, "user_agent", find(context, "userAgent"));
    set_device(event, context);
    return event;
}

void set_product(json::object& event, Value product) {
    set_text(event, "product_id", first_of(find(product, "product_id"), find(product, "sku")));
    set(event, "product_category", find(product, "category"));
    set_number(event, "price", find(product, "price"));
    set_number(event, "quantity", find(product, "quantity"));
}

/// Adds one event for each line of an order, or one event for the whole order if it lists no lines.
void add_lines(const json::object& event, Value properties, EventArray& events) {
    const Value products = find(properties, "products");
    if (products != nullptr && products->is_array() && !products->get_array().empty()) {
        int number = 0;
        for (const json::value& product : products->get_array()) {
            json::object line = event;
            if (const auto* id = line.if_contains("event_id"); id != nullptr && id->is_string())
                line["event_id"] = fmt::format("{}#{}", std::string_view(id->get_string()), number++);
            set_product(line, &product);
            events.add(line);
        }
        return;
    }
    json::object order = event;
    set_product(order, properties);
    if (const auto* id = event.if_contains("order_id");
        !order.contains("product_id") && id != nullptr && id->is_string())
        order["product_id"] = fmt::format("order:{}", std::string_view(id->get_string()));
    if (!order.contains("price"))
        set_number(order, "price", first_of(find(properties, "total"), find(properties, "revenue")));
    events.add(order);
}

void add_track(Value message, Value context, EventArray& events) {
    const std::string_view name = text_of(find(message, "event"));
    if (name.empty())
        throw BadBody("a track message has no `event`", "Add it: \"event\": \"Product Viewed\".");
    const Value properties = find(message, "properties");
    const auto known = known_type(name);
    json::object event = common(message, context);
    event["event_type"] = known ? std::string(*known) : type_of(name);
    set(event, "currency", find(properties, "currency"));
    set_text(event, "order_id", find(properties, "order_id"));
    if (known == "purchase" || known == "refund") return add_lines(event, properties, events);
    set_product(event, properties);
    events.add(event);
}

void add_page(Value message, Value context, EventArray& events) {
    json::object event = common(message, context);
    event["event_type"] = "page_view";
    events.add(event);
}

/// Returns false for messages that are not events.
bool add(std::string_view method, Value message, Value outer_context, EventArray& events) {
    const Value context = first_of(find(message, "context"), outer_context);
    if (method == "track") {
        add_track(message, context, events);
    } else if (method == "page" || method == "screen") {
        add_page(message, context, events);
    } else {
        return false;
    }
    return true;
}

}  // namespace

Translation translate_segment(std::string_view method, std::string_view body, std::size_t max_bytes) {
    const json::value message = parse_object(body);
    Translation translation;
    EventArray events(max_bytes);
    if (method != "batch") {
        translation.ignored += add(method, &message, nullptr, events) ? 0 : 1;
    } else {
        const Value batch = find(&message, "batch");
        if (batch == nullptr || !batch->is_array())
            throw BadBody("it has no `batch`", "Send {\"batch\": [message, …]}.");
        for (const json::value& each : batch->get_array()) {
            if (!each.is_object())
                throw BadBody("a message of the batch is not an object", "Send {\"batch\": [message, …]}.");
            translation.ignored +=
                add(text_of(find(&each, "type")), &each, find(&message, "context"), events) ? 0 : 1;
        }
    }
    translation.events = events.take();
    return translation;
}

}  // namespace millrace::collect
