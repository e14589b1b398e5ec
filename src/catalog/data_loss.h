#pragma once

#include <vector>

#include "bronze/event_log.h"
#include "catalog/partition_progress.h"
#include "storage/delta_table.h"

namespace millrace::catalog {

/// What a stage does when the log has removed records before they were processed (`--on-data-loss`): it ends
/// with an Error, or continues after them and counts them as skipped. Not thread-safe.
class DataLossPolicy {
  public:
    explicit DataLossPolicy(bool continues) : continues_(continues) {}

    /// Whether the stage is to resume after a bronze::NoSuchOffset. It is not when too many of them have come
    /// without a commit in between.
    [[nodiscard]] bool tolerates_another() { return continues_ && ++losses_ <= max_losses; }
    void note_commit() { losses_ = 0; }

    /// Whether the topic is treated as a new one (was_recreated()).
    [[nodiscard]] bool requires_new_epoch(const bronze::EventLog& log, const storage::Snapshot& snapshot,
                                          const std::vector<int>& partitions) const {
        return continues_ && was_recreated(log, snapshot, partitions);
    }
    /// Where a partition continues that the table has processed up to `progress`. Throws an Error when the
    /// log is another one, or has removed records and the stage must not continue.
    [[nodiscard]] PartitionProgress resume(const bronze::EventLog& log, int partition,
                                           PartitionProgress progress) const {
        if (continues_) progress = past_lost_records(log, partition, progress);
        check_same_log(log, partition, progress);
        return progress;
    }

  private:
    static constexpr int max_losses = 10;

    const bool continues_;
    int losses_ = 0;  // since the last commit
};

}  // namespace millrace::catalog
