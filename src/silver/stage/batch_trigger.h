#pragma once

#include <chrono>

#include "base/units.h"
#include "silver/stage/batch_barrier.h"

namespace millrace::silver {

/// Decides when a batch ends. Not thread-safe.
class BatchTrigger {
  public:
    using Clock = std::chrono::steady_clock;

    /// Shorter intervals are obeyed with a warning. A table with more commits than that costs its
    /// readers more than fresher rows are worth, and Gold shows rows before they are committed.
    static constexpr base::Duration shortest_usual = std::chrono::seconds(1);

    /// The time between the batches of an interval of 0.
    static constexpr base::Duration continuous_spacing = std::chrono::seconds(2);

    /// A batch ends at every `interval`. With an interval of 0 it ends as soon as it has a row, but not
    /// sooner than continuous_spacing after the last commit. A full batch ends at once. With `available_now`
    /// a batch ends only when it is full.
    BatchTrigger(base::Duration interval, bool available_now)
        : interval_(interval), available_now_(available_now) {}

    /// Starts the interval at `now`.
    void restart(Clock::time_point now) { next_ = now + interval_; }
    /// Returns true if the batch must end now.
    [[nodiscard]] bool is_due(const BatchBarrier::Status& batch, Clock::time_point now);
    /// Returns the time of the next check if nothing changes before.
    [[nodiscard]] Clock::time_point next_check(Clock::time_point now) const;
    void note_commit(Clock::time_point now) { last_commit_ = now; }

  private:
    [[nodiscard]] bool is_continuous() const { return interval_.count() == 0; }

    const base::Duration interval_;
    const bool available_now_;
    Clock::time_point next_{};
    Clock::time_point last_commit_ = Clock::time_point::min();
};

}  // namespace millrace::silver
