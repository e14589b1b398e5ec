#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/stop.h"
#include "bronze/event_log.h"
#include "silver/stage/lane.h"

namespace millrace::silver {

/// The partitions that a group of workers assigns to this worker. Without a group, the worker reads all
/// partitions permanently. Not thread-safe.
class WorkerAssignment {
  public:
    /// Joins the group; nullptr if the log has no groups.
    void join(std::unique_ptr<bronze::WorkerGroup> group) { group_ = std::move(group); }
    void leave() { group_.reset(); }
    [[nodiscard]] bool is_shared() const { return group_ != nullptr; }

    /// Returns true if the partitions that were taken last no longer belong to this worker.
    [[nodiscard]] bool is_lost() const { return group_ && group_->changed(generation_); }
    /// Releases the previous partitions and waits for new ones. Returns nothing if `stop` is requested first.
    [[nodiscard]] std::optional<std::vector<int>> take(const base::StopSignal& stop);
    /// Reports the progress of a committed batch to the group.
    void report_progress(const std::vector<LanePart>& parts);
    /// Reports where a partition continues, which its worker before may not have been able to report.
    void report_progress(int partition, bronze::Offset next_offset);

  private:
    std::unique_ptr<bronze::WorkerGroup> group_;
    std::uint64_t generation_ = 0;  // the generation of the assignment that was taken last
};

}  // namespace millrace::silver
