#include "collect/near_miss.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "model/event.h"

namespace millrace::collect {

namespace {

using Names = std::pair<std::string_view, std::string_view>;  // a spelling that people use, and the name here

constexpr std::size_t max_name_length = 64;

// The spellings in both lists are in lower case and without word separators.
constexpr std::array<Names, 31> known_fields = {{
    {"eventid", "event_id"},
    {"messageid", "event_id"},
    {"userid", "user_id"},
    {"customerid", "user_id"},
    {"eventtype", "event_type"},
    {"event", "event_type"},
    {"eventname", "event_type"},
    {"timestamp", "timestamp"},
    {"eventtimestamp", "timestamp"},
    {"eventtime", "timestamp"},
    {"productid", "product_id"},
    {"sku", "product_id"},
    {"itemid", "product_id"},
    {"price", "price"},
    {"unitprice", "price"},
    {"sessionid", "session_id"},
    {"productcategory", "product_category"},
    {"category", "product_category"},
    {"categorycode", "product_category"},
    {"devicetype", "device_type"},
    {"device", "device_type"},
    {"pageurl", "page_url"},
    {"url", "page_url"},
    {"quantity", "quantity"},
    {"qty", "quantity"},
    {"orderid", "order_id"},
    {"transactionid", "order_id"},
    {"currency", "currency"},
    {"currencycode", "currency"},
    {"useragent", "user_agent"},
    {"referrer", "referrer"},
}};
constexpr std::array<Names, 19> near_types = {{
    {"view", "view"},
    {"viewed", "view"},
    {"viewitem", "view"},
    {"productview", "view"},
    {"productviewed", "view"},
    {"cart", "add_to_cart"},
    {"addtocart", "add_to_cart"},
    {"addedtocart", "add_to_cart"},
    {"cartadd", "add_to_cart"},
    {"productadded", "add_to_cart"},
    {"purchase", "purchase"},
    {"purchased", "purchase"},
    {"buy", "purchase"},
    {"order", "purchase"},
    {"ordercompleted", "purchase"},
    {"checkoutcompleted", "purchase"},
    {"refund", "refund"},
    {"refunded", "refund"},
    {"orderrefunded", "refund"},
}};

/// Returns a name in lower case and without word separators.
std::string folded(std::string_view name) {
    std::string text;
    for (const char c : name.substr(0, max_name_length)) {
        if (c == '_' || c == '-' || c == ' ' || c == '.') continue;
        text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return text;
}

template <std::size_t size>
std::optional<std::string_view> intended(std::string_view name, const std::array<Names, size>& names) {
    if (std::ranges::find(names, name, &Names::second) != names.end()) return std::nullopt;
    const std::string plain = folded(name);
    const auto found = std::ranges::find(names, std::string_view(plain), &Names::first);
    if (found == names.end()) return std::nullopt;
    return found->second;
}

}  // namespace

std::string_view known_field(std::string_view name) {
    const auto found = std::ranges::find(known_fields, name, &Names::second);
    return found == known_fields.end() ? std::string_view() : found->second;
}

std::optional<std::string_view> intended_field(std::string_view name) {
    return intended(name, known_fields);
}

std::optional<std::string_view> intended_type(std::string_view type) {
    return model::is_known_type(type) ? std::nullopt : intended(type, near_types);
}

}  // namespace millrace::collect
