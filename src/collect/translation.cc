#include "collect/translation.h"

#include <fmt/format.h>

#include <charconv>

#include "collect/request_body.h"

namespace millrace::collect {

namespace json = boost::json;

namespace {

constexpr std::size_t max_type_length = 64;

}  // namespace

const json::value* find(const json::value* in, std::string_view name) {
    if (in == nullptr || !in->is_object()) return nullptr;
    const auto* found = in->get_object().if_contains(name);
    return found == nullptr || found->is_null() ? nullptr : found;
}

void EventArray::add(const json::object& event) {
    if (text_.size() > 1) text_ += ',';
    text_ += json::serialize(event);
    if (text_.size() > max_bytes_) throw LargeBody(max_bytes_);
}

std::string EventArray::take() {
    return std::move(text_) + "]";
}

void set(json::object& event, std::string_view field, const json::value* value) {
    if (value != nullptr) event[field] = *value;
}

void set_text(json::object& event, std::string_view field, const json::value* value) {
    if (value == nullptr) return;
    if (value->is_number()) {
        event[field] = json::serialize(*value);
    } else {
        event[field] = *value;
    }
}

void set_number(json::object& event, std::string_view field, const json::value* value) {
    if (value == nullptr) return;
    if (value->is_string()) {
        const std::string_view text = value->get_string();
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc() && end == text.data() + text.size()) {
            event[field] = number;
            return;
        }
    }
    event[field] = *value;  // quarantine reports a value of another kind
}

std::string type_of(std::string_view name) {
    std::string type;
    for (const char c : name.substr(0, max_type_length)) {
        const bool upper = c >= 'A' && c <= 'Z';
        const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
        type += upper ? static_cast<char>(c - 'A' + 'a') : allowed ? c : '_';
    }
    return type;
}

json::value parse_object(std::string_view body) {
    boost::system::error_code broken;
    auto parsed = json::parse(body, broken);
    if (broken) throw BadBody(fmt::format("it is not JSON: {}", broken.message()), "Send one JSON object.");
    if (!parsed.is_object()) throw BadBody("it is not a JSON object", "Send one JSON object.");
    return parsed;
}

}  // namespace millrace::collect
