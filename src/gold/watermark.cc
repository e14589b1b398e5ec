#include "gold/watermark.h"

#include <algorithm>
#include <utility>

namespace millrace::gold {

void Watermark::advance(const std::map<int, Timestamp>& clocks) {
    for (const auto& [number, clock] : clocks) {
        Partition& partition = partitions_[number];
        partition.clock = std::max(partition.clock, clock);
        partition.has_events = true;
    }
}

/// A commit without events of a partition (only duplicates and quarantined records) does not make the
/// partition less idle.
void Watermark::observe(int number, const Status& status) {
    Partition& partition = partitions_[number];
    if (std::exchange(partition.has_events, false)) partition.last_events = status.committed_at;
    partition.caught_up = status.caught_up;
}

Timestamp Watermark::newest() const {
    Timestamp newest = no_watermark;
    for (const auto& [number, partition] : partitions_) newest = std::max(newest, partition.clock);
    return newest;
}

Timestamp Watermark::at(base::WallTime committed_at) {
    Timestamp smallest = end_of_time;
    for (const auto& [number, partition] : partitions_) {
        if (partition.clock == no_watermark && !partition.caught_up)
            return now_;  // the events of this partition are not read yet
        const bool idle = partition.last_events > base::WallTime() && partition.caught_up &&
                          committed_at - partition.last_events >= idle_after;
        if (!idle && partition.clock != no_watermark) smallest = std::min(smallest, partition.clock);
    }
    if (smallest != end_of_time) now_ = std::max(now_, smallest);
    return now_;
}

}  // namespace millrace::gold
