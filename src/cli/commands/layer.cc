#include "cli/commands/layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "archive/archive_table.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/suggestion.h"
#include "gold/gold_tables.h"
#include "gold/stage/gold_status.h"
#include "silver/silver_table.h"

namespace millrace::cli {

namespace {

/// Where a layer's table lies, and what makes it.
struct TableSource {
    std::filesystem::path folder;
    std::string command;
};

std::optional<gold::Table> gold_table(const std::string& layer) {
    for (const gold::Table table : gold::all_tables) {
        if (layer == fmt::format("gold.{}", gold::table_name(table))) return table;
    }
    return std::nullopt;
}

/// When a row's window, session or day began, or an alert changed.
const char* time_of(gold::Table table) {
    switch (table) {
        case gold::Table::sessions:
            return "session_start";
        case gold::Table::users:
            return "first_seen";
        case gold::Table::alerts:
            return "at";
        default:
            return "window_start";
    }
}

TableSource source_of(const catalog::DataDirectory& data, const std::string& layer) {
    if (layer == "silver") return {data.silver(), "millrace silver --available-now"};
    if (layer == "quarantine") return {data.quarantine(), "millrace silver --available-now"};
    if (layer == "archive") return {data.archive(), "millrace archive --available-now"};
    const auto table = gold_table(layer);
    if (!table) throw has_no("Millrace", "layer", layer, layer_names());
    return {data.gold() / gold::table_name(*table), "millrace gold --available-now"};
}

}  // namespace

std::vector<std::string> layer_names() {
    std::vector<std::string> names = {"bronze", "silver", "quarantine", "archive"};
    for (const gold::Table table : gold::all_tables)
        names.push_back(fmt::format("gold.{}", gold::table_name(table)));
    return names;
}

const std::vector<storage::TableColumn>& bronze_columns() {
    static const std::vector<storage::TableColumn> columns = {{"partition", "INTEGER"},
                                                              {"offset", "BIGINT"},
                                                              {"timestamp", "TIMESTAMP WITH TIME ZONE"},
                                                              {"key", "BLOB"},
                                                              {"value", "BLOB"}};
    return columns;
}

storage::DeltaTable open_layer(const Globals& globals, const std::string& layer) {
    const auto [folder, command] = source_of(globals.data_directory(), layer);
    if (storage::DeltaTable::exists(folder)) return storage::DeltaTable::open(folder);
    throw usage_error(fmt::format("opening {}", folder.string()),
                      fmt::format("there is no table for {} yet", layer),
                      fmt::format("Create it with: {}, or with: millrace run", command));
}

std::shared_ptr<arrow::Schema> layer_columns(const std::string& layer) {
    if (layer == "silver") return silver::silver_layout().schema;
    if (layer == "quarantine") return silver::quarantine_schema();
    if (layer == "archive") return archive::archive_schema();
    const auto table = gold_table(layer);
    return table ? gold::table_layout(*table).schema : arrow::schema({});
}

TextColumn shown_column(const std::string& layer, const storage::TableColumn& column) {
    const bool is_count = gold_table(layer) && column.type == "BIGINT" && column.name != "sequence";
    return {.name = column.name, .type = column.type, .is_count = is_count};
}

storage::NewestRows newest_of(const std::string& layer) {
    storage::NewestRows order;
    order.ties = {"log_epoch", "partition", "offset"};
    order.columns = layer_columns(layer);
    if (layer == "silver") order.time = "event_timestamp";
    if (layer == "quarantine") order.time = "kafka_timestamp";
    if (layer == "archive") order.time = "timestamp";
    if (const auto table = gold_table(layer)) {
        order.time = time_of(*table);
        order.ties = gold::table_key(*table);
    }
    return order;
}

void tell_why_empty(const Globals& globals, const std::string& layer) {
    const auto table = gold_table(layer);
    const std::string why = table ? gold::why_empty(globals.data_directory(), *table) : std::string();
    if (!why.empty()) base::tell(fmt::format("{} is empty: {}\n", layer, why));
}

const storage::TableColumn& column_of(const std::string& layer,
                                      const std::vector<storage::TableColumn>& columns,
                                      const std::string& name) {
    const auto found = std::ranges::find(columns, name, &storage::TableColumn::name);
    if (found != columns.end()) return *found;
    std::vector<std::string> names;
    names.reserve(columns.size());
    for (const auto& column : columns) names.push_back(column.name);
    throw has_no(layer, "column", name, names);
}

}  // namespace millrace::cli
