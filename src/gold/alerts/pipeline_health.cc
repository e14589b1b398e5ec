#include "gold/alerts/pipeline_health.h"

#include <algorithm>

namespace millrace::gold {

void PipelineHealthWindow::begin(const PipelineHealth& intake) {
    committed_ = intake.committed_ms * 1000;
    newest_ = std::max(newest_, intake.newest);
    for (const PipelineHealth::Partition& partition : intake.partitions)
        partitions_[partition.number] = partition;
}

void PipelineHealthWindow::take(const PipelineHealth& intake, Timestamp window) {
    Quality& minute = minutes_[aligned(intake.committed_ms * 1000, model::us_per_minute).start];
    for (const PipelineHealth::Partition& now : intake.partitions) {
        PipelineHealth::Partition last = partitions_[now.number];
        if (now.received < last.received) last = {};  // a topic that was made anew
        minute.received += now.received - last.received;
        minute.quarantined += now.quarantined - last.quarantined;
    }
    begin(intake);
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
