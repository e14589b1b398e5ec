#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "gold/events.h"
#include "gold/gold_tables.h"
#include "gold/stage/day_range.h"
#include "gold/state/window.h"
#include "model/time_zone.h"
#include "storage/version.h"

namespace millrace::gold {

/// Days whose published rows are recomputed together, in the tables of one group.
struct Correction {
    DayRange days;
    TableGroup group = TableGroup::windows;
};

/// The first day of which a session may still be open at this watermark.
[[nodiscard]] std::int64_t first_unsealed_day(Timestamp watermark, const model::TimeZone& zone);

/// The days whose published rows lack late events, until the batch layer has corrected them. An event is late
/// when a window that contains it was closed before the event came. Days are in the shop's time zone. Not
/// thread-safe.
class LateDays {
  public:
    /// What the rows of a day lack.
    struct Late {
        std::int64_t events = 0;  ///< 0 where only the neighbouring day has late events
        storage::Version version = storage::no_version;  ///< the version of Silver of the last such event
        friend bool operator==(const Late&, const Late&) = default;
    };
    using Days = std::map<std::int64_t, Late>;

    [[nodiscard]] const Days& of(TableGroup group) const { return days_[static_cast<std::size_t>(group)]; }
    [[nodiscard]] bool empty() const;

    /// Notes the late ones among events that came with a version of Silver. `watermark` is the time up to
    /// which windows were closed before.
    void add(const Events& events, Timestamp watermark, storage::Version version,
             const model::TimeZone& zone);
    /// Notes the days of events that no longer count as they did, as of a version of Silver.
    void add(std::span<const Timestamp> changed, storage::Version version, const model::TimeZone& zone);
    /// Notes the days of sessions that have changed, as of a version of Silver.
    void add_sessions(const std::set<Timestamp>& times, storage::Version version,
                      const model::TimeZone& zone);
    /// Notes days whose orders have changed, as of a version of Silver.
    void add_orders(const std::set<std::int64_t>& days, storage::Version version);
    /// The number of late events in the tables of windows.
    [[nodiscard]] std::int64_t events() const;
    /// The days to correct next, of those that are `ready`: the newest ones first, a month at most, orders
    /// only when no windows are ready, and sessions when no orders are. Sessions of a day are corrected when
    /// none of them can be open at this watermark. Nothing when no day is ready.
    using IsReady = std::function<bool(TableGroup group, std::int64_t day)>;
    [[nodiscard]] std::optional<Correction> next(Timestamp watermark, const model::TimeZone& zone,
                                                 const IsReady& is_ready) const;
    /// Removes what was corrected by rows as of a version of Silver: `before` are the late days when the
    /// correction began.
    void remove(const Correction& correction, storage::Version corrected, const LateDays& before);
    /// Removes a day of a group if its rows were recomputed as of the version of its last late event or
    /// later.
    template <typename CorrectedVersion>
    void remove_corrected(CorrectedVersion&& corrected_version) {
        for (const TableGroup group : all_table_groups) {
            std::erase_if(days(group), [&](const auto& day) {
                return corrected_version(group, day.first) >= day.second.version;
            });
        }
    }
    void clear() { days_ = {}; }

    /// The days of a group for people, such as "2019-10-03 (12 events), 2019-10-04 (1 event)". With more than
    /// a few days, the first and the last one and their number. Empty when there are none. A day without late
    /// events of its own is left out.
    [[nodiscard]] std::string text(TableGroup group) const;

    /// The days whose windows lack late events, as {"day", "events"}.
    [[nodiscard]] base::json::array shown() const;
    [[nodiscard]] base::json::object to_json() const;
    /// Reads what to_json() has written. Members that are missing or malformed are left out.
    static LateDays from_json(const base::json::object& json);

    friend bool operator==(const LateDays&, const LateDays&) = default;

  private:
    void note(Timestamp time, const Late& more, const model::TimeZone& zone);
    [[nodiscard]] Days& days(TableGroup group) { return days_[static_cast<std::size_t>(group)]; }

    std::array<Days, table_group_count> days_;
};

}  // namespace millrace::gold
