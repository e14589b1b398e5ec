#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/worker_pool.h"
#include "silver/stage/batch_report.h"
#include "silver/stage/commit_queue.h"
#include "silver/stage/lane.h"
#include "silver/stage/partition_tracker.h"
#include "silver/stage/silver_writer.h"
#include "storage/version.h"

namespace millrace::silver {

/// Commits sealed batches: looks up the records that the lanes held back, passes the batch to the sink, and
/// reports its counts. Not thread-safe.
class BatchCommitter {
  public:
    using OnBatch = std::function<void(const BatchReport&)>;
    using OnParts = std::function<void(const std::vector<LanePart>&)>;

    /// All arguments must outlive the committer. If Gold runs in this process, `commits` also receives the
    /// rows of each commit; otherwise it is nullptr.
    BatchCommitter(BatchSink& sink, const LaneContext& context, PartitionTracker& partitions,
                   base::WorkerPool& pool, CommitQueue* commits)
        : sink_(sink), context_(context), partitions_(partitions), pool_(pool), commits_(commits) {}

    /// Sets the callback that is called after each commit.
    void on_batch(OnBatch callback) { on_batch_ = std::move(callback); }
    /// Sets the callback that is called before each commit, with the rows that the commit will add.
    void on_parts(OnParts callback) { on_parts_ = std::move(callback); }

    enum class Result { committed, nothing_to_commit, given_up };
    /// Commits a batch. A batch that is given up has changed nothing; the stage then resumes from the table.
    Result commit(std::vector<LanePart>& parts, std::uint32_t batch);

  private:
    void settle(std::vector<LanePart>& parts);
    void pass_on(std::vector<LanePart>& parts, storage::Version version);
    void free_memory_of_backlog(std::int64_t received);
    void note_input(BatchReport& report);
    void count(BatchReport& report, const std::vector<LanePart>& parts);

    BatchSink& sink_;
    const LaneContext context_;
    PartitionTracker& partitions_;
    base::WorkerPool& pool_;
    CommitQueue* const commits_;  // nullptr if Gold reads the table
    OnBatch on_batch_;
    OnParts on_parts_;
    base::Stopwatch clock_;
    double fill_started_ = 0;
    std::chrono::steady_clock::time_point last_commit_{};
    bool had_large_batch_ = false;  // since memory was last freed
    std::int64_t last_lag_ = -1;    // records at the last commit; -1 before the first one
};

}  // namespace millrace::silver
