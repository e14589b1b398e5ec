#include "gold/watermark.h"

#include <algorithm>
#include <utility>

namespace millrace::gold {

void Watermark::advance(const std::map<int, Timestamp>& clocks) {
    for (const auto& [number, clock] : clocks) {
        Partition& partition = partitions_[number];
        partition.clock = std::max(partition.clock, clock);
        partition.has_news = true;
    }
}

/// A commit without events, of duplicates or quarantined records only, doesn't make a partition less idle.
void Watermark::observe(int number, const News& news) {
    Partition& partition = partitions_[number];
    if (std::exchange(partition.has_news, false)) partition.heard_ms = news.committed_ms;
    partition.caught_up = news.caught_up;
}

Timestamp Watermark::newest() const {
    Timestamp newest = no_watermark;
    for (const auto& [number, partition] : partitions_) newest = std::max(newest, partition.clock);
    return newest;
}

Timestamp Watermark::at(std::int64_t committed_ms) {
    Timestamp least = end_of_time;
    for (const auto& [number, partition] : partitions_) {
        if (partition.clock == no_watermark && !partition.caught_up) return now_;  // its events are to come
        const bool idle = partition.heard_ms > 0 && partition.caught_up &&
                          committed_ms - partition.heard_ms >= idle_after_ms;
        if (!idle && partition.clock != no_watermark) least = std::min(least, partition.clock);
    }
    if (least != end_of_time) now_ = std::max(now_, least);
    return now_;
}

}  // namespace millrace::gold
