#include "silver/formats/ga4_export_row.h"

#include <array>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "silver/sent_number.h"

namespace millrace::silver {

namespace {

using Index = JsonTree::Index;
using RowName = std::pair<std::string_view, std::string_view>;

/// Names of the export, and those of the protocol.
constexpr std::array<RowName, 3> row_names = {
    {{"event_name", "name"}, {"event_timestamp", "timestamp_micros"}, {"user_pseudo_id", "client_id"}}};
constexpr std::array<RowName, 3> source_names = {
    {{"manual_source", "source"}, {"manual_medium", "medium"}, {"manual_campaign_name", "campaign"}}};

Index member_of(const JsonTree& row, Index object, std::string_view name) {
    Index found = JsonTree::none;
    if (row[object].kind != JsonKind::object) return found;
    row.each(object, [&](Index member) {
        if (row[member].name() == name && row[member].kind != JsonKind::null) found = member;
    });
    return found;
}

/// Returns the value of a param as JSON: the one member of `{string_value, int_value, …}` that is not null.
/// The export writes 64-bit integers as texts.
std::optional<std::string_view> param_value(const JsonTree& row, Index value) {
    if (row[value].kind != JsonKind::object) return std::nullopt;
    std::string_view found = "null";
    row.each(value, [&](Index member) {
        const JsonNode& node = row[member];
        if (node.kind == JsonKind::null) return;
        const bool number = node.name() != "string_value" && SentNumber::of_json(node.value());
        found = number ? node.value() : node.raw();
    });
    return found;
}

struct RowTranslation {
    const JsonTree& row;
    std::string params;
    std::unordered_set<std::string_view> names;  // of the params
    bool all_params = true;

    /// Returns false if there is such a param already.
    bool add_param(std::string_view name, std::string_view json) {
        if (!names.insert(name).second) return false;
        if (!params.empty()) params += ',';
        params.append("\"").append(name).append("\":").append(json);
        return true;
    }

    void add_event_params(Index list) {
        if (list == JsonTree::none) return;
        all_params = row[list].kind == JsonKind::array;
        if (!all_params) return;
        row.each(list, [&](Index param) {
            const Index key = member_of(row, param, "key");
            const Index value = member_of(row, param, "value");
            const bool named =
                key != JsonTree::none && row[key].kind == JsonKind::string && value != JsonTree::none;
            const auto json = named ? param_value(row, value) : std::nullopt;
            if (!json || !add_param(row[key].value(), *json)) all_params = false;
        });
    }

    void add_from(Index object, std::string_view member, std::string_view name) {
        const Index found = object == JsonTree::none ? object : member_of(row, object, member);
        if (found != JsonTree::none) add_param(name, row[found].raw());
    }
};

}  // namespace

bool is_ga4_export_row(const JsonTree& row) {
    return member_of(row, 0, "event_name") != JsonTree::none && member_of(row, 0, "name") == JsonTree::none &&
           member_of(row, 0, "params") == JsonTree::none;
}

void translate_ga4_export_row(const JsonTree& row, std::string& event) {
    RowTranslation translation{.row = row, .params = {}, .names = {}};
    const Index list = member_of(row, 0, "event_params");
    const Index items = member_of(row, 0, "items");
    const Index ecommerce = member_of(row, 0, "ecommerce");
    const Index name = member_of(row, 0, "event_name");
    translation.add_event_params(list);
    const bool has_items = items != JsonTree::none && translation.add_param("items", row[items].raw());
    translation.add_from(ecommerce, "transaction_id", "transaction_id");
    const bool refund = row[name].value() == "refund";
    translation.add_from(ecommerce, refund ? "refund_value" : "purchase_revenue", "value");
    const Index source = member_of(row, 0, "collected_traffic_source");
    for (const auto& [from, to] : source_names) translation.add_from(source, from, to);
    event = "{\"params\":{" + translation.params + "}";
    row.each(0, [&](Index member) {
        const JsonNode& node = row[member];
        const bool translated = (member == list && translation.all_params) || (member == items && has_items);
        if (translated || node.kind == JsonKind::null) return;
        std::string_view target = node.name();
        for (const auto& [from, to] : row_names) {
            if (target == from) target = to;
        }
        event.append(",\"").append(target).append("\":").append(node.raw());
    });
    event += '}';
}

}  // namespace millrace::silver
