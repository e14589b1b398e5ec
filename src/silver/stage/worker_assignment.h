#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/stop.h"
#include "bronze/event_log.h"
#include "silver/stage/lane.h"

namespace millrace::silver {

/// The partitions that this worker reads of a topic that a group of workers shares. Without a group the
/// worker reads all of them, for good. Not thread-safe.
class WorkerAssignment {
  public:
    /// Joins the group; nothing where the log has no groups.
    void join(std::unique_ptr<bronze::WorkerGroup> group) { group_ = std::move(group); }
    void leave() { group_.reset(); }
    [[nodiscard]] bool is_shared() const { return group_ != nullptr; }

    /// Whether the partitions that were taken last are no longer this worker's.
    [[nodiscard]] bool is_lost() const { return group_ && group_->changed(generation_); }
    /// Gives up the partitions of before and waits for new ones. Nothing when `stop` is requested first.
    [[nodiscard]] std::optional<std::vector<int>> take(const base::StopSignal& stop);
    /// Tells the log how far the partitions of a committed batch have come.
    void report_progress(const std::vector<LanePart>& parts);

  private:
    std::unique_ptr<bronze::WorkerGroup> group_;
    std::uint64_t generation_ = 0;  // of the assignment that was taken last
};

}  // namespace millrace::silver
