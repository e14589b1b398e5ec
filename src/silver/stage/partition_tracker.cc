#include "silver/stage/partition_tracker.h"

#include <algorithm>

namespace millrace::silver {

int PartitionTracker::size() const {
    const base::MutexLock lock(mutex_);
    return static_cast<int>(states_.size());
}

void PartitionTracker::grow_to(int partitions) {
    const base::MutexLock lock(mutex_);
    while (static_cast<int>(states_.size()) < partitions) states_.emplace_back();
}

void PartitionTracker::set_ours(const std::vector<int>& partitions) {
    const base::MutexLock lock(mutex_);
    for (State& state : states_) state.is_ours = false;
    for (const int partition : partitions) at(partition).is_ours = true;
}

bool PartitionTracker::is_ours(int partition) const {
    const base::MutexLock lock(mutex_);
    const auto index = static_cast<std::size_t>(partition);
    return partition >= 0 && index < states_.size() && states_[index].is_ours;
}

template <class Value>
std::map<int, Value> PartitionTracker::values(std::atomic<Value> State::* value) const {
    const base::MutexLock lock(mutex_);
    std::map<int, Value> values;
    for (std::size_t p = 0; p < states_.size(); ++p) {
        if (states_[p].is_ours) values[static_cast<int>(p)] = states_[p].*value;
    }
    return values;
}

std::int64_t PartitionTracker::known_lag(std::atomic<bronze::Offset> State::* next) const {
    std::int64_t lag = 0;
    for (const auto& [partition, offset] : values(next))
        lag += std::max<std::int64_t>(0, log_.cached_end(partition) - offset);
    return lag;
}

std::int64_t PartitionTracker::lag() const {
    return known_lag(&State::committed);
}

std::int64_t PartitionTracker::known_lag_unread() const {
    return known_lag(&State::read);
}

std::int64_t PartitionTracker::lag_unread() const {
    std::int64_t lag = 0;
    for (const auto& [partition, next] : values(&State::read))
        lag += std::max<std::int64_t>(0, log_.offsets(partition).end - next);
    return lag;
}

std::int64_t PartitionTracker::skipped() const {
    std::int64_t skipped = 0;
    for (const auto& [partition, count] : values(&State::skipped)) skipped += count;
    return skipped;
}

std::vector<PartitionLag> PartitionTracker::progress() const {
    std::vector<PartitionLag> progress;
    for (const auto& [partition, next] : values(&State::committed))
        progress.push_back({partition, next, std::max(next, log_.cached_end(partition))});
    return progress;
}

}  // namespace millrace::silver
