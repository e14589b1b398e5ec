#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/stop.h"
#include "base/units.h"
#include "base/worker_pool.h"
#include "bronze/event_log.h"
#include "catalog/data_loss.h"
#include "silver/stage/batch_barrier.h"
#include "silver/stage/batch_committer.h"
#include "silver/stage/batch_trigger.h"
#include "silver/stage/lane.h"
#include "silver/stage/partition_tracker.h"
#include "silver/stage/silver_writer.h"
#include "silver/stage/table_memory.h"
#include "silver/stage/worker_assignment.h"

namespace millrace::silver {

struct SilverOptions {
    /// The time between commits; 0 commits as soon as there is data, at most every two seconds.
    base::Duration trigger = std::chrono::seconds(10);
    bool available_now = false;  ///< process the records that the log has at the start, then end
    base::Duration horizon = std::chrono::hours(24);  ///< how far back deduplication holds ids in memory
    std::int64_t dedupe_bytes = 1LL << 30;            ///< the memory limit of deduplication, in bytes
    std::int64_t batch_rows = 300'000;                ///< a batch ends when it has this many rows
    std::int64_t batch_bytes = 256LL << 20;           ///< a batch ends when it has this many bytes of records
    /// The consumer group of workers that share a Kafka topic; empty: one group for each table.
    std::string group;
    /// Skip records that the log removed before they were processed, instead of failing.
    bool continue_on_data_loss = false;
    int lanes = 0;  ///< number of threads; 0: chosen by the partitions and processors
};

/// Where Silver's rows go besides the table, for Gold in the same process. Each may be null.
struct Followers {
    CommitQueue* commits = nullptr;          ///< gets the rows of each commit
    UncommittedRows* uncommitted = nullptr;  ///< gets clean rows before they are committed
};

/// Runs Silver: the lanes fill batch N+1 while batch N is encoded and committed (batch_barrier.h).
class SilverStage {
  public:
    /// `sink` is a SilverWriter or a Replay (replay.h). `pool` encodes files and loads ids. If Gold runs in
    /// this process, `followers` gets the rows too. All arguments must outlive the stage.
    SilverStage(BatchSink& sink, const bronze::EventLog& log, const model::ShopSettings& settings,
                SilverOptions options, base::WorkerPool& pool, Followers followers = {});
    ~SilverStage();
    SilverStage(const SilverStage&) = delete;
    SilverStage& operator=(const SilverStage&) = delete;

    /// Sets the callback that is called after each commit, in the thread that calls run().
    void on_batch(BatchCommitter::OnBatch callback) { committer_.on_batch(std::move(callback)); }
    /// Sets the callback that is called before each commit, with the rows that the commit will add.
    void on_parts(BatchCommitter::OnParts callback) { committer_.on_parts(std::move(callback)); }

    /// Processes the log until `stop` is requested or, with available_now, until all records are processed.
    /// Commits the last batch before it returns. Throws Error if any thread fails; committed batches stay.
    void run(const base::StopSignal& stop);

    /// Sets the offset at which a partition ends, with available_now. By default it is the end of the log at
    /// the start. Must be called before run().
    void end_at(int partition, bronze::Offset end) { partitions_.at(partition).end = end; }

    /// Returns true if the stage has resumed from the table and is processing. Thread-safe.
    [[nodiscard]] bool active() const { return active_; }
    /// Returns the progress of the partitions that this process reads. Thread-safe.
    [[nodiscard]] const PartitionTracker& partitions() const { return partitions_; }

  private:
    /// What follows when a batch is sealed.
    enum class Seal { next, drained, stopped, reassigned };

    bool take_assignment(const base::StopSignal& stop);
    void make_lanes(const std::vector<int>& partitions);
    void renew_lanes(const std::vector<int>& partitions);
    void assign(Lane& lane, int partition);
    void resume();
    void start_lanes();
    void end_lanes();
    void lane_loop(Lane& lane, std::size_t index);
    Seal wait_until_due(const base::StopSignal& stop);
    std::vector<LanePart> seal();
    BatchCommitter::Result commit(std::vector<LanePart>& parts);
    void loop(const base::StopSignal& stop);
    bool loop_until_lost(const base::StopSignal& stop);

    BatchSink& sink_;
    const bronze::EventLog& log_;
    const model::ShopSettings& settings_;
    const SilverOptions options_;
    base::WorkerPool& pool_;
    TableMemory memory_;
    ColumnPool columns_;
    UncommittedRows* const uncommitted_;  // nullptr if nobody reads them
    PartitionTracker partitions_;
    WorkerAssignment assignment_;
    BatchBarrier barrier_;
    BatchTrigger trigger_;
    catalog::DataLossPolicy data_loss_;
    BatchCommitter committer_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::vector<std::thread> threads_;
    std::atomic<bool> active_ = false;  // true after the state is loaded from the table
};

}  // namespace millrace::silver
