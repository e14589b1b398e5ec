#include "verify/freshness.h"

#include <algorithm>
#include <map>

#include "base/clock.h"
#include "catalog/partition_progress.h"
#include "gold/gold_tables.h"
#include "gold/stage/gold_state.h"
#include "gold/stage/gold_status.h"
#include "gold/state/window.h"
#include "storage/delta_table.h"
#include "storage/file_stats.h"

namespace millrace::verify {

namespace json = boost::json;

namespace {

json::value time_or_null(const std::optional<model::Timestamp>& time) {
    return time ? json::value(model::format_timestamp(*time)) : json::value();
}

/// Adds what the table lacks of a partition.
void add_partition(LayerFreshness& silver, const storage::Snapshot& snapshot, const bronze::EventLog& log,
                   int partition) {
    const auto progress = catalog::read_progress(snapshot, log, partition);
    const bronze::OffsetRange held = log.offsets(partition);
    const bool other = catalog::find_other_log(log, partition, progress).has_value();
    const std::int64_t lag = held.end - (other ? held.start : progress.next_offset);
    if (lag <= 0 && !other) return;
    silver.behind += lag;
    // A partition without a clock has told nothing, and neither has one that is not the one of before.
    silver.up_to = silver.up_to && progress.clock && !other
                       ? std::optional(std::min(*silver.up_to, *progress.clock))
                       : std::nullopt;
}

/// An empty table tells nothing: the shop's events may not have begun to come.
LayerFreshness silver_freshness(const storage::Snapshot& snapshot, const bronze::EventLog& log,
                                model::Timestamp now) {
    LayerFreshness silver{.up_to = now, .version = snapshot.version.value()};
    bool empty = true;
    for (int partition = 0; partition < log.partitions(); ++partition) {
        add_partition(silver, snapshot, log, partition);
        empty = empty && catalog::read_progress(snapshot, log, partition).received == 0;
    }
    if (empty) silver.up_to.reset();
    return silver;
}

/// The time of the earliest event in the commits of Silver after `version`; `none` if they have no event.
/// Nothing when that is not known.
std::optional<model::Timestamp> first_event_after(const storage::DeltaTable& silver, storage::Version version,
                                                  model::Timestamp none) {
    model::Timestamp first = none;
    while (version < silver.snapshot().version) {
        version = version + 1;
        const auto commit = silver.read_commit(version);
        if (!commit || commit->removes_data()) return std::nullopt;
        for (const storage::AddFile& add : commit->adds) {
            if (!add.data_change) continue;
            const auto time = storage::FileStats(add).min_time("event_timestamp");
            if (!time) return std::nullopt;
            first = std::min(first, *time);
        }
    }
    return first;
}

/// Whether the speed layer can go on with its state, and has not lost a table.
bool is_usable(const gold::GoldPosition& position, const catalog::DataDirectory& data,
               const storage::Snapshot& silver) {
    return position.silver_id == silver.metadata.id && position.silver_version <= silver.version &&
           position.settings == catalog::settings_text(data.settings()) &&
           std::ranges::all_of(gold::metric_tables, [&](gold::Table table) {
               return storage::DeltaTable::exists(data.gold() / gold::table_name(table));
           });
}

LayerFreshness gold_freshness(const catalog::DataDirectory& data, const storage::DeltaTable& table,
                              const LayerFreshness& silver) {
    LayerFreshness gold;
    const auto position = gold::read_gold_position(data.gold_state());
    if (!position || !is_usable(*position, data, table.snapshot())) return gold;
    gold.version = position->silver_version.value();
    gold.behind = silver.version - gold.version;
    const auto next = first_event_after(table, position->silver_version, gold::end_of_time);
    if (silver.up_to && next && position->watermark != gold::no_watermark)
        gold.up_to = std::min({*silver.up_to, *next, position->watermark});
    return gold;
}

/// The days that any table waits for. Late events are counted in the tables of windows only.
std::vector<WaitingDay> waiting_days(const gold::LateDays& late) {
    std::map<std::int64_t, std::int64_t> events;
    for (const gold::TableGroup group : gold::all_table_groups) {
        for (const auto& [day, of_day] : late.of(group)) events[day] = std::max(events[day], of_day.events);
    }
    std::vector<WaitingDay> days;
    days.reserve(events.size());
    for (const auto& [day, count] : events) days.push_back({model::format_day(day), count});
    return days;
}

}  // namespace

json::object LayerFreshness::to_json(std::string_view behind_what) const {
    return {{"up_to", time_or_null(up_to)},
            {"version", version < 0 ? json::value() : json::value(version)},
            {behind_what, behind}};
}

json::object Freshness::to_json() const {
    json::array days;
    for (const WaitingDay& each : waiting) days.push_back({{"day", each.day}, {"events", each.events}});
    return {{"now", model::format_timestamp(now)},
            {"silver", silver.to_json("lag_records")},
            {"gold", gold.to_json("lag_versions")},
            {"waiting_days", std::move(days)}};
}

Freshness read_freshness(const catalog::DataDirectory& data, const bronze::EventLog& log) {
    Freshness freshness{.now = base::now()};
    if (!storage::DeltaTable::exists(data.silver())) {
        for (int partition = 0; partition < log.partitions(); ++partition)
            freshness.silver.behind += log.offsets(partition).end - log.offsets(partition).start;
        return freshness;
    }
    const auto table = storage::DeltaTable::open(data.silver());
    freshness.silver = silver_freshness(table.snapshot(), log, freshness.now);
    freshness.gold = gold_freshness(data, table, freshness.silver);
    freshness.waiting = waiting_days(gold::late_days(data));
    return freshness;
}

}  // namespace millrace::verify
