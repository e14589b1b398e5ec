#pragma once

#include <cereal/cereal.hpp>  // chrono.hpp needs its macros
#include <cereal/types/chrono.hpp>
#include <chrono>
#include <map>

#include "base/clock.h"
#include "gold/state/window.h"

namespace millrace::gold {

/// The clock of event time. Each bronze partition has a clock, which is the largest min(event time, log time)
/// of its events, and the watermark is the smallest clock. Idle partitions are ignored. A partition is idle
/// if it was caught up with the log at its last commit and its last commit with events is at least 60 s old.
/// Idleness is judged by the times of commits and not by the wall clock, so that a replay decides the same. A
/// partition with unread records in the log holds the watermark back, even before its first event. Not
/// thread-safe.
class Watermark {
  public:
    /// A partition is idle after this time without a commit that has events of it.
    static constexpr std::chrono::seconds idle_after{60};

    /// The state of a partition according to a commit.
    struct Status {
        base::WallTime committed_at;
        bool caught_up = true;  ///< whether the commit reached the end of the log
    };

    void advance(const std::map<int, Timestamp>& clocks);
    void observe(int number, const Status& status);

    /// Returns the largest clock of all partitions.
    [[nodiscard]] Timestamp newest() const;
    /// Returns the watermark at the time of a commit. It never decreases. Returns no_watermark if there were
    /// no events yet.
    Timestamp at(base::WallTime committed_at);

    template <class Archive>
    void serialize(Archive& archive) {
        archive(partitions_, now_);
    }

  private:
    struct Partition {
        Timestamp clock = no_watermark;
        // Time of the last commit with events; the epoch: there was none, so the partition is not idle.
        base::WallTime last_events;
        bool caught_up = true;
        bool has_events = false;  // whether there were events since the last observe()

        template <class Archive>
        void serialize(Archive& archive) {
            archive(clock, last_events, caught_up, has_events);
        }
    };

    std::map<int, Partition> partitions_;
    Timestamp now_ = no_watermark;
};

}  // namespace millrace::gold
