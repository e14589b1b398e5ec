#include "gold/stage/late_days.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <ranges>

#include "base/units.h"

namespace millrace::gold {

namespace json = boost::json;

namespace {

/// What links and orders tell of the days before and after is read once for all days of a correction.
constexpr std::int64_t max_days_of_correction = 31;

}  // namespace

std::int64_t first_unsealed_day(Timestamp watermark, const model::TimeZone& zone) {
    if (watermark == end_of_time) return std::numeric_limits<std::int64_t>::max();
    return watermark == no_watermark ? 0 : zone.day_of(watermark) - 1;
}

bool LateDays::empty() const {
    return std::ranges::all_of(days_, [](const Days& days) { return days.empty(); });
}

/// Notes the days whose rows depend on events of a time. These may join or divide sessions that began on the
/// day before or after, or on the second day after where visitors stay for longer than a day.
void LateDays::note(Timestamp time, const Late& more, const model::TimeZone& zone) {
    const auto add = [](Late& late, const Late& added) {
        late.events += added.events;
        late.version = std::max(late.version, added.version);
    };
    const Late none{.events = 0, .version = more.version};
    const std::int64_t day = zone.day_of(time);
    add(days(TableGroup::windows)[day], more);
    if (const std::int64_t before = zone.day_of(time - max_window_length); before != day)
        add(days(TableGroup::windows)[before], none);
    for (const std::int64_t beside : {day - 1, day, day + 1, day + 2})
        add(days(TableGroup::sessions)[beside], beside == day ? more : none);
}

/// The shortest windows are aligned minutes, so an event before the watermark's minute is late for at least
/// one window.
void LateDays::add(const Events& events, Timestamp watermark, storage::Version version,
                   const model::TimeZone& zone) {
    if (watermark == no_watermark) return;
    const Timestamp closed = std::chrono::floor<std::chrono::minutes>(watermark);
    for (const Event& event : events.rows) {
        if (event.time < closed) note(event.time, {.events = 1, .version = version}, zone);
    }
    for (const Link& link : events.links) {
        if (link.time < closed) note(link.time, {.events = 0, .version = version}, zone);
    }
}

void LateDays::add(std::span<const Timestamp> changed, storage::Version version,
                   const model::TimeZone& zone) {
    for (const Timestamp time : changed) note(time, {.events = 0, .version = version}, zone);
}

void LateDays::add_sessions(const std::set<Timestamp>& times, storage::Version version,
                            const model::TimeZone& zone) {
    for (const Timestamp time : times) {
        Late& late = days(TableGroup::sessions)[zone.day_of(time)];
        late.version = std::max(late.version, version);
    }
}

void LateDays::add_orders(const std::set<std::int64_t>& days, storage::Version version) {
    for (const std::int64_t day : days) {
        Late& late = this->days(TableGroup::orders)[day];
        late.version = std::max(late.version, version);
    }
}

std::int64_t LateDays::events() const {
    std::int64_t events = 0;
    for (const auto& [day, late] : of(TableGroup::windows)) events += late.events;
    return events;
}

std::optional<Correction> LateDays::next(Timestamp watermark, const model::TimeZone& zone,
                                         const IsReady& is_ready) const {
    const std::int64_t unsealed = first_unsealed_day(watermark, zone);
    for (const TableGroup group : all_table_groups) {
        const auto ready = [&](std::int64_t day) {
            return of(group).contains(day) && (group != TableGroup::sessions || day < unsealed) &&
                   is_ready(group, day);
        };
        for (const auto& [to, late] : of(group) | std::views::reverse) {
            if (!ready(to)) continue;
            std::int64_t from = to;
            while (to - from + 1 < max_days_of_correction && ready(from - 1)) --from;
            return Correction{.days = {from, to}, .group = group};
        }
    }
    return std::nullopt;
}

void LateDays::remove(const Correction& correction, storage::Version corrected, const LateDays& before) {
    Days& late = days(correction.group);
    for (std::int64_t day = correction.days.from; day <= correction.days.to; ++day) {
        const auto now = late.find(day);
        if (now == late.end()) continue;
        const auto then = before.of(correction.group).find(day);
        if (now->second.version <= corrected) {
            late.erase(now);
        } else if (then != before.of(correction.group).end()) {
            now->second.events -= then->second.events;
        }
    }
}

std::string LateDays::text(TableGroup group) const {
    constexpr std::size_t few = 3;
    std::vector<std::string> days;
    std::int64_t events = 0;
    for (const auto& [day, late] : of(group)) {
        if (late.events == 0) continue;
        events += late.events;
        days.push_back(
            fmt::format("{} ({})", model::format_day(day), base::format_counted(late.events, "event")));
    }
    if (days.size() <= few) return fmt::format("{}", fmt::join(days, ", "));
    const auto name = [](const std::string& day) { return day.substr(0, day.find(' ')); };
    return fmt::format("{} days from {} to {} ({})", days.size(), name(days.front()), name(days.back()),
                       base::format_counted(events, "event"));
}

json::array LateDays::shown() const {
    json::array days;
    for (const auto& [day, late] : of(TableGroup::windows)) {
        if (late.events > 0) days.push_back({{"day", model::format_day(day)}, {"events", late.events}});
    }
    return days;
}

json::object LateDays::to_json() const {
    json::object all;
    for (std::size_t group = 0; group < table_group_count; ++group) {
        json::array days;
        for (const auto& [day, late] : days_[group])
            days.push_back(json::array{day, late.events, late.version.value()});
        all[group_name(static_cast<TableGroup>(group))] = std::move(days);
    }
    return all;
}

LateDays LateDays::from_json(const json::object& json) {
    LateDays all;
    for (std::size_t group = 0; group < table_group_count; ++group) {
        const json::value* const days = json.if_contains(group_name(static_cast<TableGroup>(group)));
        if (days == nullptr || !days->is_array()) continue;
        for (const json::value& each : days->get_array()) {
            const json::array* const day = each.if_array();
            if (day == nullptr || day->size() != 3 ||
                !std::ranges::all_of(*day, [](const json::value& part) { return part.is_int64(); }))
                continue;
            all.days_[group][(*day)[0].get_int64()] = {.events = (*day)[1].get_int64(),
                                                       .version = storage::Version((*day)[2].get_int64())};
        }
    }
    return all;
}

}  // namespace millrace::gold
