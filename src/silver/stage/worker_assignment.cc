#include "silver/stage/worker_assignment.h"

namespace millrace::silver {

namespace {

constexpr auto poll_interval = std::chrono::milliseconds(20);

}  // namespace

std::optional<std::vector<int>> WorkerAssignment::take(const base::StopSignal& stop) {
    group_->release(generation_);
    for (;;) {
        bronze::WorkerGroup::Assignment assignment = group_->assignment();
        if (assignment.generation > generation_) {
            generation_ = assignment.generation;
            return std::move(assignment.partitions);
        }
        if (stop.wait_for(poll_interval)) return std::nullopt;
    }
}

void WorkerAssignment::report_progress(const std::vector<LanePart>& parts) {
    if (!group_) return;
    for (const LanePart& part : parts) {
        for (const PartitionPart& partition : part.partitions)
            group_->report_progress(partition.partition, partition.end.next_offset);
    }
}

void WorkerAssignment::report_progress(int partition, bronze::Offset next_offset) {
    if (group_) group_->report_progress(partition, next_offset);
}

}  // namespace millrace::silver
