#include "layers/layer.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "archive/archive_table.h"
#include "silver/silver_table.h"

namespace millrace::layers {

namespace {

/// The column of the time when a row's window, session, order or day began, or an alert changed.
const char* time_of(gold::Table table) {
    switch (table) {
        case gold::Table::sessions:
            return "session_start";
        case gold::Table::orders:
            return "first_at";
        case gold::Table::users:
            return "first_seen";
        case gold::Table::alerts:
            return "at";
        default:
            return "window_start";
    }
}

storage::NewestRows order_by(const char* time, std::vector<std::string> ties,
                             std::shared_ptr<arrow::Schema> columns) {
    storage::NewestRows order;
    order.columns = std::move(columns);
    order.time = time;
    order.ties = std::move(ties);
    return order;
}

}  // namespace

std::vector<std::string> layer_names() {
    std::vector<std::string> names = {"bronze", "silver", "quarantine", "archive"};
    for (const gold::Table table : gold::all_tables)
        names.push_back(fmt::format("gold.{}", gold::table_name(table)));
    return names;
}

std::optional<gold::Table> gold_table(const std::string& layer) {
    for (const gold::Table table : gold::all_tables) {
        if (layer == fmt::format("gold.{}", gold::table_name(table))) return table;
    }
    return std::nullopt;
}

std::optional<TableLayer> table_layer(const catalog::DataDirectory& data, const std::string& name) {
    const auto made = [&](const std::filesystem::path& folder, const char* command,
                          const std::shared_ptr<arrow::Schema>& columns, const char* time,
                          std::vector<std::string> ties) {
        return TableLayer{.name = name,
                          .folder = folder,
                          .command = command,
                          .file_columns = columns,
                          .order = order_by(time, std::move(ties), columns)};
    };
    const std::vector<std::string> place_in_log = {"log_epoch", "partition", "offset"};
    if (name == "silver")
        return made(data.silver(), "millrace silver --available-now", silver::silver_layout().schema,
                    "event_timestamp", place_in_log);
    if (name == "quarantine")
        return made(data.quarantine(), "millrace silver --available-now", silver::quarantine_schema(),
                    "kafka_timestamp", place_in_log);
    if (name == "archive")
        return made(data.archive(), "millrace archive --available-now", archive::archive_schema(),
                    "timestamp", place_in_log);
    const auto table = gold_table(name);
    if (!table) return std::nullopt;
    return made(data.gold() / gold::table_name(*table), "millrace gold --available-now",
                gold::table_layout(*table).schema, time_of(*table), gold::table_key(*table));
}

}  // namespace millrace::layers
