#include "pipeline/gold_status.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/units.h"
#include "gold/window.h"
#include "model/time_zone.h"
#include "pipeline/gold_file.h"
#include "pipeline/gold_state.h"
#include "silver/silver_table.h"
#include "storage/column.h"
#include "storage/delta_table.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::pipeline {

namespace {

using gold::Timestamp;

/// Where silver begins.
struct SilverStart {
    std::optional<Timestamp> first;  ///< nothing: there are no events
    std::filesystem::path file;      ///< that has it
};

SilverStart start_of_silver(const DataDirectory& data) {
    SilverStart start;
    if (!storage::DeltaTable::exists(data.silver())) return start;
    const auto silver = storage::DeltaTable::open(data.silver());
    for (const auto& [path, add] : silver.snapshot().files) {
        const auto first = storage::FileStats(add).min_time("event_timestamp");
        if (first && first < start.first.value_or(gold::end_of_time))
            start = {.first = first, .file = silver.root() / path};
    }
    return start;
}

/// The shortest pause that ends a session of silver's first events, which may name theirs or not.
Timestamp shortest_gap(const SilverStart& start, const gold::GoldOptions& options) {
    const auto rows = storage::ParquetReader(start.file, *silver::silver_schema(), {"session_id"}).next();
    if (!rows || rows->num_columns() == 0) return options.inactivity;
    const auto& sessions = storage::column<arrow::StringArray>(*rows, "session_id");
    Timestamp gap = std::max(options.session_gap, options.inactivity);
    for (std::int64_t i = 0; i < sessions.length(); ++i) {
        const bool named = sessions.IsValid(i) && !sessions.GetView(i).empty();
        gap = std::min(gap, named ? options.session_gap : options.inactivity);
    }
    return gap;
}

/// What event time must come to for a table's first row to be published, and by what rule.
struct Due {
    Timestamp at = 0;
    std::string rule;
};

Due due_of(gold::Table table, const SilverStart& start, const ShopSettings& settings) {
    const Timestamp first = *start.first;
    const Timestamp lateness = settings.gold.lateness;
    const auto text = [](Timestamp span) { return base::format_duration(base::Duration(span)); };
    const auto end_of = [&](gold::Grain grain) {
        return gold::window_at(grain, first, model::TimeZone(settings.time_zone)).end;
    };
    const auto window = [&](gold::Grain grain) {
        return Due{end_of(grain) + lateness, fmt::format("one {} is published {} after its end",
                                                         gold::grain_name(grain), text(lateness))};
    };
    if (table == gold::Table::product_metrics || table == gold::Table::kpis)
        return window(gold::Grain::minute);
    if (table == gold::Table::users) return window(gold::Grain::day);
    if (!gold::is_of_sessions(table)) return window(gold::Grain::hour);
    const Timestamp gap = shortest_gap(start, settings.gold);
    const Timestamp over = gold::aligned(first + gap + model::us_per_minute - 1, model::us_per_minute).start;
    const std::string session = fmt::format("a session is over {} after its last event", text(gap));
    if (table == gold::Table::sessions)
        return {over + lateness, fmt::format("{}, and is published {} later", session, text(lateness))};
    return {std::max(over, end_of(gold::Grain::hour)) + lateness,
            fmt::format("{}, and one hour is published {} after its last session is over", session,
                        text(lateness))};
}

std::string explain(const DataDirectory& data, gold::Table table, const SilverStart& start) {
    if (!start.first) return "silver has no events yet";
    const auto position = read_gold_position(data.gold() / "state.bin");
    if (!position) return "Gold has yet to take in silver's events: millrace gold --available-now";
    if (table == gold::Table::alerts) return "no alert has fired yet";
    const ShopSettings settings = data.settings();
    const Due due = due_of(table, start, settings);
    if (position->watermark >= due.at - settings.gold.lateness)
        return "nothing that has closed so far belongs in it";
    return fmt::format(
        "its first rows are due once events of {} have come: {}. What is open is in live.{} on the "
        "dashboard; "
        "millrace gold --available-now --close publishes it",
        model::format_timestamp(due.at), due.rule, gold::table_name(table));
}

GoldTableStatus status_of(const DataDirectory& data, gold::Table which) {
    GoldTableStatus status{.table = which};
    const auto root = data.gold() / gold::table_name(which);
    if (!storage::DeltaTable::exists(root)) return status;
    const auto table = storage::DeltaTable::open(root);
    std::set<std::string, std::less<>> days;
    for (const auto& [path, add] : table.snapshot().files) {
        status.rows += storage::FileStats(add).rows().value_or(0);
        status.bytes += add.size;
        days.emplace(storage::partition_value(add, "day"));
    }
    status.provisional = count_provisional_rows(table.snapshot());
    status.files = static_cast<std::int64_t>(table.snapshot().files.size());
    status.days = static_cast<std::int64_t>(days.size());
    return status;
}

}  // namespace

std::vector<GoldTableStatus> gold_status(const DataDirectory& data) {
    const SilverStart start = start_of_silver(data);
    std::vector<GoldTableStatus> all;
    for (const gold::Table table : gold::all_tables) {
        all.push_back(status_of(data, table));
        if (all.back().files == 0) all.back().why_empty = explain(data, table, start);
    }
    return all;
}

std::string why_empty(const DataDirectory& data, gold::Table table) {
    return status_of(data, table).files > 0 ? "" : explain(data, table, start_of_silver(data));
}

}  // namespace millrace::pipeline
