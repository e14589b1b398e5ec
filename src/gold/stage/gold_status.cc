#include "gold/stage/gold_status.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/units.h"
#include "gold/stage/gold_file.h"
#include "gold/stage/gold_state.h"
#include "gold/stage/gold_writer.h"
#include "gold/state/window.h"
#include "model/time_zone.h"
#include "silver/silver_table.h"
#include "storage/column.h"
#include "storage/delta_table.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::gold {

namespace {

/// The first event of Silver.
struct SilverStart {
    std::optional<Timestamp> first;  ///< its event time; nothing when there are no events
    std::filesystem::path file;      ///< the file that has it
};

SilverStart start_of_silver(const catalog::DataDirectory& data) {
    SilverStart start;
    if (!storage::DeltaTable::exists(data.silver())) return start;
    const auto silver = storage::DeltaTable::open(data.silver());
    for (const auto& [path, add] : silver.snapshot().files) {
        const auto first = storage::FileStats(add).min_time("event_timestamp");
        if (first && first < start.first.value_or(end_of_time))
            start = {.first = first, .file = silver.root() / path};
    }
    return start;
}

/// The shortest gap that ends a session of Silver's first events. It depends on whether they have a
/// session_id.
base::Duration min_gap(const SilverStart& start, const model::GoldOptions& options) {
    const auto rows = storage::ParquetReader(start.file, *silver::silver_schema(), {"session_id"}).next();
    if (!rows || rows->num_columns() == 0) return options.inactivity;
    const auto& sessions = storage::column<arrow::StringArray>(*rows, "session_id");
    base::Duration gap = std::max(options.session_gap, options.inactivity);
    for (std::int64_t i = 0; i < sessions.length(); ++i) {
        const bool named = sessions.IsValid(i) && !sessions.GetView(i).empty();
        gap = std::min(gap, named ? options.session_gap : options.inactivity);
    }
    return gap;
}

/// The event time at which a table's first row is published, and the rule that it follows from.
struct Due {
    Timestamp at;
    std::string rule;
};

Due due_of(Table table, const SilverStart& start, const model::ShopSettings& settings) {
    const Timestamp first = *start.first;
    const base::Duration lateness = settings.gold.lateness;
    const auto end_of = [&](Grain grain) {
        return window_at(grain, first, model::TimeZone(settings.time_zone)).end;
    };
    const auto window = [&](Grain grain) {
        return Due{end_of(grain) + lateness, fmt::format("each {} is published {} after its end",
                                                         grain_name(grain), base::format_duration(lateness))};
    };
    if (table == Table::product_metrics || table == Table::kpis) return window(Grain::minute);
    if (table == Table::users) return window(Grain::day);
    if (!is_of_sessions(table)) return window(Grain::hour);
    const base::Duration gap = min_gap(start, settings.gold);
    const Timestamp over = std::chrono::ceil<std::chrono::minutes>(first + gap);
    const std::string session =
        fmt::format("a session ends {} after its last event", base::format_duration(gap));
    if (table == Table::sessions)
        return {over + lateness,
                fmt::format("{} and is published {} later", session, base::format_duration(lateness))};
    return {std::max(over, end_of(Grain::hour)) + lateness,
            fmt::format("{}, and one hour is published {} after its last session has ended", session,
                        base::format_duration(lateness))};
}

std::string explain(const catalog::DataDirectory& data, Table table, const SilverStart& start) {
    if (!start.first) return "Silver has no events yet";
    const auto position = read_gold_position(data.gold_state());
    if (!position) return "Gold has not processed Silver's events yet: millrace gold --available-now";
    if (table == Table::alerts) return "no alert has fired yet";
    const model::ShopSettings settings = data.settings();
    const Due due = due_of(table, start, settings);
    if (position->watermark >= due.at - settings.gold.lateness)
        return "no window that has closed so far has a row in it";
    return fmt::format(
        "its first rows are due when events of {} have arrived: {}. Open windows are in live.{} on the "
        "dashboard; millrace gold --available-now --close publishes them",
        model::format_timestamp(due.at), due.rule, table_name(table));
}

GoldTableStatus status_of(const catalog::DataDirectory& data, Table which) {
    GoldTableStatus status{.table = which};
    const auto root = data.gold() / table_name(which);
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

LateDays late_days(const catalog::DataDirectory& data) {
    const auto position = read_gold_position(data.gold_state());
    if (!position) return {};
    LateDays late = position->late;
    std::map<Table, storage::DeltaTable> tables;
    if (late.empty()) return late;
    for (const Table each : metric_tables) {
        const auto root = data.gold() / table_name(each);
        if (!storage::DeltaTable::exists(root)) return late;
        tables.emplace(each, storage::DeltaTable::open(root));
    }
    forget_corrected(late,
                     [&](Table each) -> const storage::Snapshot& { return tables.at(each).snapshot(); });
    return late;
}

std::vector<GoldTableStatus> gold_status(const catalog::DataDirectory& data) {
    const SilverStart start = start_of_silver(data);
    const LateDays late = late_days(data);
    std::vector<GoldTableStatus> all;
    for (const Table table : all_tables) {
        all.push_back(status_of(data, table));
        if (table != Table::alerts) all.back().correcting = late.text(group_of(table));
        // The channels of orders are corrected with the sessions.
        if (table == Table::orders && all.back().correcting.empty())
            all.back().correcting = late.text(TableGroup::sessions);
        if (all.back().files == 0) all.back().why_empty = explain(data, table, start);
    }
    return all;
}

std::string why_empty(const catalog::DataDirectory& data, Table table) {
    return status_of(data, table).files > 0 ? "" : explain(data, table, start_of_silver(data));
}

}  // namespace millrace::gold
