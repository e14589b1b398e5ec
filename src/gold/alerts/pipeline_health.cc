#include "gold/alerts/pipeline_health.h"

#include <algorithm>

namespace millrace::gold {

void PipelineHealthWindow::begin(const PipelineHealth& health) {
    committed_ = health.committed_at;
    newest_ = std::max(newest_, health.newest);
    for (const PipelineHealth::Partition& partition : health.partitions)
        partitions_[partition.number] = partition;
}

void PipelineHealthWindow::take(const PipelineHealth& health, base::Duration window) {
    Quality& minute = minutes_[aligned(health.committed_at, std::chrono::minutes(1)).start];
    for (const PipelineHealth::Partition& now : health.partitions) {
        PipelineHealth::Partition last = partitions_[now.number];
        if (now.received < last.received) last = {};  // the topic was created again, so its counts begin at 0
        minute.received += now.received - last.received;
        minute.quarantined += now.quarantined - last.quarantined;
    }
    begin(health);
    minutes_.erase(minutes_.begin(), minutes_.lower_bound(committed_ - window));
}

PipelineHealthWindow::Quality PipelineHealthWindow::recent() const {
    Quality sum;
    for (const auto& [start, minute] : minutes_) {
        sum.received += minute.received;
        sum.quarantined += minute.quarantined;
    }
    return sum;
}

std::int64_t PipelineHealthWindow::behind() const {
    std::int64_t sum = 0;
    for (const auto& [number, partition] : partitions_) sum += partition.behind;
    return sum;
}

}  // namespace millrace::gold
