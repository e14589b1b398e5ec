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
#include "silver/stage/worker_assignment.h"

namespace millrace::silver {

struct SilverOptions {
    base::Duration trigger =
        std::chrono::seconds(20);                     ///< between commits; 0 commits as soon as there is data
    bool available_now = false;                       ///< process what the log holds at the start, then end
    base::Duration horizon = std::chrono::hours(24);  ///< of deduplication in memory
    std::int64_t dedupe_bytes = 1LL << 30;            ///< memory for it at most
    std::int64_t batch_rows = 300'000;                ///< a batch ends when it has so many rows,
    std::int64_t batch_bytes = 256LL << 20;           ///< or so many bytes of records
    std::string
        group;  ///< of workers that share the topic, where the log has such; empty: one for each table
    bool continue_on_data_loss =
        false;      ///< skip what the log removed before it was processed, instead of ending
    int lanes = 0;  ///< threads; 0 chooses by the partitions and processors
};

/// Runs silver: lanes fill batch N+1 while batch N is encoded and committed (batch_barrier.h).
class SilverStage {
  public:
    /// `sink` is a SilverWriter, or a Replay (replay.h); `pool` encodes and loads. Rows of commits also go to
    /// `commits`, where Gold runs in this process. All of it must outlive the stage.
    SilverStage(BatchSink& sink, const bronze::EventLog& log, const model::ShopSettings& settings,
                SilverOptions options, base::WorkerPool& pool, CommitQueue* commits = nullptr);
    ~SilverStage();
    SilverStage(const SilverStage&) = delete;
    SilverStage& operator=(const SilverStage&) = delete;

    /// Called after each commit, from the thread that calls run().
    void on_batch(BatchCommitter::OnBatch callback) { committer_.on_batch(std::move(callback)); }
    /// Called before each commit with the rows that it will add.
    void on_parts(BatchCommitter::OnParts callback) { committer_.on_parts(std::move(callback)); }

    /// Processes the log until `stop` is requested or, with available_now, all is done. The last batch is
    /// committed. Throws an Error on a fault in any thread; what was committed stays.
    void run(const base::StopSignal& stop);

    /// Where to end in a partition, with available_now: its end at the start, unless it is set here before
    /// run().
    void end_at(int partition, bronze::Offset end) { partitions_.at(partition).end = end; }

    /// Whether it has resumed from the table, and works. Thread-safe.
    [[nodiscard]] bool active() const { return active_; }
    /// How far the partitions that this process reads have come. Thread-safe.
    [[nodiscard]] const PartitionTracker& partitions() const { return partitions_; }

  private:
    /// What a batch's seal is followed by.
    enum class Seal { next, drained, stopped, reassigned };

    bool take_assignment(const base::StopSignal& stop);
    void make_lanes(const std::vector<int>& partitions);
    void renew_lanes(const std::vector<int>& partitions);
    std::int64_t load_ids_and_types();
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
    EventTypes types_;
    IdSet ids_;
    Horizon horizon_;
    ColumnPool columns_;
    PartitionTracker partitions_;
    WorkerAssignment assignment_;
    BatchBarrier barrier_;
    BatchTrigger trigger_;
    catalog::DataLossPolicy data_loss_;
    BatchCommitter committer_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::vector<std::thread> threads_;
    std::atomic<bool> active_ = false;  // whether its state is loaded
};

}  // namespace millrace::silver
