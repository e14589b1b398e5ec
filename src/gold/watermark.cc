#include "gold/watermark.h"

#include <algorithm>

namespace millrace::gold {

void Watermark::advance(const std::map<int, Timestamp>& clocks) {
    for (const auto& [number, clock] : clocks) {
        Partition& partition = partitions_[number];
        partition.clock = std::max(partition.clock, clock);
    }
}

void Watermark::hear(int partition, const News& news) {
    partitions_[partition].heard_ms = news.committed_ms;
    partitions_[partition].caught_up = news.caught_up;
}

Timestamp Watermark::newest() const {
    Timestamp newest = no_watermark;
    for (const auto& [number, partition] : partitions_) newest = std::max(newest, partition.clock);
    return newest;
}

Timestamp Watermark::at(std::int64_t committed_ms) {
    Timestamp least = end_of_time;
    for (const auto& [number, partition] : partitions_) {
        const bool idle = partition.caught_up && committed_ms - partition.heard_ms >= idle_after_ms;
        if (!idle && partition.clock != no_watermark) least = std::min(least, partition.clock);
    }
    if (least != end_of_time) now_ = std::max(now_, least);
    return now_;
}

}  // namespace millrace::gold
