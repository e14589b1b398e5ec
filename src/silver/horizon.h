#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <limits>
#include <optional>

#include "base/clock.h"
#include "base/units.h"
#include "model/timestamp.h"

namespace millrace::silver {

/// Computes how far back event ids must be held in memory. The horizon is measured from the clock of each
/// partition, which is the largest min(event time, log time) of its clean events, so that one skewed device
/// clock cannot move it. A partition with nothing left to read does not hold the others back. Thread-safe.
class Horizon {
  public:
    Horizon(base::Duration length, int partitions)
        : length_(length), clocks_(static_cast<std::size_t>(partitions)) {}

    [[nodiscard]] base::Duration length() const { return length_; }
    [[nodiscard]] int partitions() const { return static_cast<int>(clocks_.size()); }
    /// Adds the partitions up to this number. No other thread may use the object during the call.
    void grow_to(int partitions) {
        while (this->partitions() < partitions) clocks_.emplace_back();
    }

    void advance(int partition, model::Timestamp event_time, base::WallTime log_time) {
        auto& clock = at(partition).time;
        const model::Timestamp time = std::min<model::Timestamp>(event_time, log_time);
        model::Timestamp before = clock.load(std::memory_order_relaxed);
        while (time > before && !clock.compare_exchange_weak(before, time, std::memory_order_relaxed)) {
        }
    }
    void set_caught_up(int partition, bool caught_up) {
        at(partition).caught_up.store(caught_up, std::memory_order_relaxed);
    }

    /// Sets a partition's clock, or removes it. No other thread may use the object during the call.
    void restore(int partition, std::optional<model::Timestamp> clock) {
        at(partition).time.store(clock.value_or(none), std::memory_order_relaxed);
    }
    /// Returns the partition's clock, or nothing before its first clean event.
    [[nodiscard]] std::optional<model::Timestamp> clock(int partition) const {
        const model::Timestamp time =
            clocks_[static_cast<std::size_t>(partition)].time.load(std::memory_order_relaxed);
        return time == none ? std::nullopt : std::optional(time);
    }
    /// The start of the horizon. Ids of events before this time need not be held.
    [[nodiscard]] model::Timestamp start() const {
        const model::Timestamp from = slowest();
        return from == none ? none : from - length_;
    }

    /// The start of the horizon if each partition has more to read, or the beginning of time if no partition
    /// has a clock.
    [[nodiscard]] model::Timestamp earliest_start() const {
        model::Timestamp slowest = model::Timestamp::max();
        for (int p = 0; p < partitions(); ++p) slowest = std::min(slowest, clock(p).value_or(slowest));
        return slowest == model::Timestamp::max() ? none : slowest - length_;
    }

    /// Returns true if the partition's clock is so far ahead of the slowest one that the ids in between would
    /// need much memory. A lane with a backlog should then let the other partitions catch up first.
    [[nodiscard]] bool is_ahead(int partition) const {
        const model::Timestamp time =
            clocks_[static_cast<std::size_t>(partition)].time.load(std::memory_order_relaxed);
        const model::Timestamp last = slowest();
        return time != none && last != none && time - last > std::max(length_ / fraction, min_allowance);
    }

  private:
    static constexpr model::Timestamp none = model::Timestamp::min();
    // A partition may be ahead by a fraction of the horizon, but always by an hour.
    static constexpr std::int64_t fraction = 8;
    static constexpr base::Duration min_allowance = std::chrono::hours(1);

    /// Returns the slowest clock of the partitions that have more to read, or the fastest clock if no
    /// partition has more.
    [[nodiscard]] model::Timestamp slowest() const {
        model::Timestamp slowest = none;
        model::Timestamp fastest = none;
        for (const Clock& clock : clocks_) {
            const model::Timestamp time = clock.time.load(std::memory_order_relaxed);
            if (time == none) continue;
            fastest = std::max(fastest, time);
            if (clock.caught_up.load(std::memory_order_relaxed)) continue;
            slowest = slowest == none ? time : std::min(slowest, time);
        }
        return slowest == none ? fastest : slowest;
    }

    struct Clock {
        std::atomic<model::Timestamp> time = none;
        std::atomic<bool> caught_up = false;
    };

    [[nodiscard]] Clock& at(int partition) { return clocks_[static_cast<std::size_t>(partition)]; }

    const base::Duration length_;
    std::deque<Clock> clocks_;
};

}  // namespace millrace::silver
