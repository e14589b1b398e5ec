#include "verify/freshness.h"

#include <algorithm>
#include <map>

#include "base/clock.h"
#include "catalog/partition_progress.h"
#include "gold/stage/gold_state.h"
#include "gold/stage/gold_status.h"
#include "gold/state/window.h"
#include "storage/delta_table.h"

namespace millrace::verify {

namespace json = boost::json;

namespace {

json::value time_or_null(const std::optional<model::Timestamp>& time) {
    return time ? json::value(model::format_timestamp(*time)) : json::value();
}

LayerFreshness silver_freshness(const storage::Snapshot& snapshot, const bronze::EventLog& log,
                                model::Timestamp now) {
    LayerFreshness silver{.up_to = now, .version = snapshot.version.value()};
    for (int partition = 0; partition < log.partitions(); ++partition) {
        const auto progress = catalog::read_progress(snapshot, log, partition);
        const std::int64_t lag = log.offsets(partition).end - progress.next_offset;
        if (lag <= 0) continue;
        silver.behind += lag;
        // A partition without a clock has told nothing.
        silver.up_to = silver.up_to && progress.clock
                           ? std::optional(std::min(*silver.up_to, *progress.clock))
                           : std::nullopt;
    }
    return silver;
}

LayerFreshness gold_freshness(const catalog::DataDirectory& data, const storage::Snapshot& snapshot,
                              const LayerFreshness& silver) {
    LayerFreshness gold;
    const auto position = gold::read_gold_position(data.gold_state());
    if (!position || position->silver_id != snapshot.metadata.id) return gold;
    gold.version = position->silver_version.value();
    gold.behind = std::max<std::int64_t>(0, silver.version - gold.version);
    if (silver.up_to && position->watermark != gold::no_watermark)
        gold.up_to = std::min(*silver.up_to, position->watermark);
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
    freshness.gold = gold_freshness(data, table.snapshot(), freshness.silver);
    freshness.waiting = waiting_days(gold::late_days(data));
    return freshness;
}

}  // namespace millrace::verify
