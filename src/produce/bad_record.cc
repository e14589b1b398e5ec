#include "produce/bad_record.h"

namespace millrace::produce {

namespace {

/// Replaces the value of a field that is written as `"name":value` with `value`. The field must exist.
std::string with_value(std::string_view json, std::string_view name, std::string_view value) {
    const std::string quoted = "\"" + std::string(name) + "\":";
    const std::size_t at = json.find(quoted) + quoted.size();
    std::size_t end = json[at] == '"' ? json.find('"', at + 1) + 1 : json.find_first_of(",}", at);
    return std::string(json.substr(0, at)) + std::string(value) + std::string(json.substr(end));
}

}  // namespace

std::string_view fault_name(Fault fault) {
    constexpr std::array<std::string_view, fault_count> names = {
        "missing user", "price not above 0", "bad timestamp", "cut JSON", "not UTF-8", "wrong type"};
    return names.at(static_cast<std::size_t>(fault));
}

bool needs_price(Fault fault) {
    return fault == Fault::bad_price || fault == Fault::wrong_type;
}

std::string corrupt(std::string_view json, Fault fault) {
    switch (fault) {
        case Fault::missing_user:
            return with_value(json, "user_id", "null");
        case Fault::bad_price:
            return with_value(json, "price", "-1");
        case Fault::bad_timestamp:
            return with_value(json, "timestamp", "\"yesterday at noon\"");
        case Fault::cut_json:
            return std::string(json.substr(0, json.size() * 2 / 3));
        case Fault::not_utf8:
            return with_value(json, "page_url", "\"https://shop.example/\xC3\x28\"");
        case Fault::wrong_type:
            return with_value(json, "price", "\"cheap\"");
        case Fault::count_:
            break;
    }
    return std::string(json);
}

}  // namespace millrace::produce
