#include "silver/formats/gtag_hit.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>
#include <utility>

#include "silver/decoder.h"
#include "silver/message/json_escape.h"
#include "silver/message/query_string.h"
#include "silver/sent_number.h"

namespace millrace::silver {

namespace {

using Renamed = std::pair<std::string_view, std::string_view>;

constexpr std::array<Renamed, 4> event_parameters = {
    {{"en", "name"}, {"cid", "client_id"}, {"uid", "user_id"}, {"tid", "measurement_id"}}};
constexpr std::array<Renamed, 7> page_parameters = {{{"dl", "page_location"},
                                                     {"dr", "page_referrer"},
                                                     {"dt", "page_title"},
                                                     {"sid", "session_id"},
                                                     {"sct", "session_number"},
                                                     {"cu", "currency"},
                                                     {"_et", "engagement_time_msec"}}};
constexpr std::array<Renamed, 15> item_parts = {{{"id", "item_id"},
                                                 {"nm", "item_name"},
                                                 {"br", "item_brand"},
                                                 {"ca", "item_category"},
                                                 {"c2", "item_category2"},
                                                 {"c3", "item_category3"},
                                                 {"va", "item_variant"},
                                                 {"pr", "price"},
                                                 {"qt", "quantity"},
                                                 {"cp", "coupon"},
                                                 {"ds", "discount"},
                                                 {"af", "affiliation"},
                                                 {"ln", "item_list_name"},
                                                 {"li", "item_list_id"},
                                                 {"lp", "index"}}};

template <std::size_t Count>
std::optional<std::string_view> renamed(const std::array<Renamed, Count>& names, std::string_view name) {
    const auto* const found = std::ranges::find(names, name, &Renamed::first);
    return found == names.end() ? std::nullopt : std::optional(found->second);
}

void append_quoted(std::string& to, std::string_view text) {
    to += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            to += '\\';
            to += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            constexpr std::string_view digits = "0123456789abcdef";
            to += "\\u00";
            to += digits[static_cast<unsigned char>(c) >> 4U];
            to += digits[static_cast<unsigned char>(c) & 0xFU];
        } else {
            to += c;
        }
    }
    to += '"';
}

/// An object of the event in the making. A name counts once.
struct GtagObject {
    std::string text;
    std::unordered_set<std::string> names;

    void add(std::string_view name, std::string_view value, bool may_be_number = false) {
        if (!names.emplace(name).second) return;
        if (!text.empty()) text += ',';
        append_quoted(text, name);
        text += ':';
        if (may_be_number && SentNumber::of_json(value)) {
            text += value;
        } else {
            append_quoted(text, value);
        }
    }
};

bool is_item(std::string_view name) {
    return name.size() > 2 && name.size() <= 5 && name.starts_with("pr") &&
           std::all_of(name.begin() + 2, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Translates an item such as `idSKU-1~nmShirt~pr9.99~qt2`: parts that begin with two letters each.
std::string item_of(std::string_view parts) {
    GtagObject item;
    while (!parts.empty()) {
        const std::size_t end = std::min(parts.find('~'), parts.size());
        const std::string_view part = parts.substr(0, end);
        parts.remove_prefix(std::min(end + 1, parts.size()));
        if (part.size() < 2) continue;
        const std::string_view code = part.substr(0, 2);
        const auto name = renamed(item_parts, code);
        item.add(name.value_or(code), part.substr(2),
                 code == "pr" || code == "qt" || code == "ds" || code == "lp");
    }
    return "{" + item.text + "}";
}

struct GtagEvent {
    GtagObject event;
    GtagObject params;
    GtagObject user;
    std::string items;

    void add(std::string_view name, std::string_view value) {
        if (name.starts_with("ep.")) {
            params.add(name.substr(3), value);
        } else if (name.starts_with("epn.")) {
            params.add(name.substr(4), value, true);
        } else if (name.starts_with("up.")) {
            user.add(name.substr(3), value);
        } else if (name.starts_with("upn.")) {
            user.add(name.substr(4), value, true);
        } else if (is_item(name)) {
            items += (items.empty() ? "" : ",") + item_of(value);
        } else if (const auto page = renamed(page_parameters, name)) {
            params.add(*page, value);
        } else {
            event.add(renamed(event_parameters, name).value_or(name), value);
        }
    }

    void write(std::string& to) {
        if (!items.empty() && params.names.emplace("items").second)
            params.text += (params.text.empty() ? "" : ",") + ("\"items\":[" + items) + "]";
        to = "{" + event.text;
        if (!params.text.empty() && event.names.emplace("params").second)
            to += (event.text.empty() ? "" : ",") + ("\"params\":{" + params.text) + "}";
        if (!user.text.empty() && event.names.emplace("user_properties").second)
            to += (to.size() == 1 ? "" : ",") + ("\"user_properties\":{" + user.text) + "}";
        to += '}';
    }
};

}  // namespace

bool is_gtag_hit(const Message& message) {
    std::string_view path = message.origin.path;
    if (path.ends_with('/')) path.remove_suffix(1);
    if (path.ends_with("/g/collect")) return true;
    const std::string_view text = message.text;
    return text.starts_with("v=2&") || text.starts_with("en=") ||
           (!text.starts_with('{') && text.find("&en=") != std::string_view::npos);
}

bool translate_gtag_hit(std::string_view hit, JsonTree& shared, TextArena& arena, std::string& event) {
    GtagEvent made;
    const std::size_t from = std::min(hit.find_first_not_of(" \t\r\n?"), hit.size());
    const std::size_t end = hit.find_last_not_of(" \t\r\n");
    QueryString query(end == std::string_view::npos || end < from ? std::string_view()
                                                                  : hit.substr(from, end + 1 - from));
    while (const auto parameter = query.next()) {
        const std::string_view name = decode_percent(parameter->first, arena);
        const std::string_view value = decode_percent(parameter->second, arena);
        if (!is_utf8(name) || !is_utf8(value)) return false;
        if (name == "key" || name == "api_secret") continue;  // a secret of the sender
        made.add(name, value);
    }
    if (shared.size() > 0) {
        shared.each(0, [&](JsonTree::Index member) {
            JsonNode& node = shared[member];
            if (node.kind != JsonKind::string && node.kind != JsonKind::number) return;
            const std::string_view name = node.key_escaped ? unescape_json(node.name(), arena) : node.name();
            made.add(name, node.escaped ? unescape_json(node.value(), arena) : node.value());
            node.taken = true;
        });
    }
    made.write(event);
    return true;
}

}  // namespace millrace::silver
