#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/stop.h"
#include "base/units.h"
#include "base/worker_pool.h"
#include "bronze/event_log.h"
#include "pipeline/batch_report.h"
#include "pipeline/data_directory.h"
#include "pipeline/hand_over.h"
#include "pipeline/lane.h"
#include "pipeline/silver_writer.h"

namespace millrace::pipeline {

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

/// The silver stage: lanes fill batch N+1 while batch N is encoded and committed. Threads and turns:
///
///     lane 1 ─ fill ─┐ seal            ┌ fill ─┐
///     lane 2 ─ fill ─┤ (all deliver    ├ fill ─┤
///     lane 3 ─ fill ─┘  their part)    └ fill ─┘
///     run()                └─ encode, commit ─┘ …
///
/// A batch is sealed for all lanes together, and no lane starts the next one before all have delivered: so a
/// "duplicate" verdict never rests on an id whose batch comes later. Records whose originals only the table
/// may have (held_records.h) are looked up by run(), for all lanes at once.
class SilverStage {
  public:
    using OnBatch = std::function<void(const BatchReport&)>;
    using OnParts = std::function<void(const std::vector<LanePart>&)>;

    /// `sink` is a SilverWriter, or a Rebuild (rebuild.h); `pool` encodes and loads.
    SilverStage(BatchSink& sink, const bronze::EventLog& log, const ShopSettings& settings,
                SilverOptions options, base::WorkerPool& pool);
    ~SilverStage();

    /// Called after each commit, from the thread that calls run().
    void on_batch(OnBatch callback) { on_batch_ = std::move(callback); }
    /// Called before each commit with the rows that it will add.
    void on_parts(OnParts callback) { on_parts_ = std::move(callback); }
    /// Where commits' rows are handed to Gold in memory; it must outlive the stage. Before run().
    void hand_over(HandOver& to) { hand_over_ = &to; }

    /// Processes the log until `stop` is requested or, with available_now, all is done. The last batch is
    /// committed. Throws an Error on a fault in any thread; what was committed stays.
    void run(const base::StopSignal& stop);

    /// Where to end in a partition, with available_now: its end at the start, unless it is set here before
    /// run().
    void end_at(int partition, bronze::Offset end) { at(partition).end = end; }

    /// Whether it has taken up its state, and works. Thread-safe.
    [[nodiscard]] bool active() const { return active_; }
    /// Whether a lane of this process reads the partition. Thread-safe.
    [[nodiscard]] bool reads(int partition) const;

    /// Records in the log that are not committed yet. Thread-safe.
    [[nodiscard]] std::int64_t lag() const;
    /// How far a partition is processed.
    struct Progress {
        int partition = 0;
        bronze::Offset committed = 0;  ///< the next offset
        bronze::Offset end = 0;        ///< of the log, as last heard
    };
    /// Of the partitions that this process reads. Thread-safe.
    [[nodiscard]] std::vector<Progress> progress() const;
    /// Offsets of those partitions that were passed without a record, since the table began: removed before
    /// they were read, or Kafka's own marks. Thread-safe.
    [[nodiscard]] std::int64_t skipped() const;
    /// Records in the log that no lane has read yet. Thread-safe.
    [[nodiscard]] std::int64_t lag_unread() const;

  private:
    enum class Ending { no, drained, stopped, reassigned };

    /// What other threads are told of a partition.
    struct PartitionState {
        std::optional<bronze::Offset> end;      // with available_now
        std::atomic<bronze::Offset> committed;  // next offset
        std::atomic<bronze::Offset> read;       // likewise, as far as the lane has come
        std::atomic<std::int64_t> skipped;      // offsets without a record, up to `committed`
        std::int64_t copies_in_table = 0;       // that settle() found since the lane took up its work
        std::atomic<bool> ours = false;         // whether a lane reads it
    };

    [[nodiscard]] PartitionState& at(int partition) {
        return partitions_[static_cast<std::size_t>(partition)];
    }
    [[nodiscard]] std::map<int, bronze::Offset> places(
        std::atomic<bronze::Offset> PartitionState::* place) const;
    bool take_assignment(const base::StopSignal& stop);
    void grow_to(int partitions);
    void make_lanes(const std::vector<int>& partitions);
    void renew_lanes(const std::vector<int>& partitions);
    void load_state();
    [[nodiscard]] std::vector<int> partitions_read() const;
    void start_lanes();
    void lane_loop(Lane& lane, std::size_t index);
    bool deliver(Lane& lane, std::size_t index);
    void wait_for_seal(bool at_end);
    Ending wait_until_due(const base::StopSignal& stop);
    std::vector<LanePart> seal();
    void open_next_batch();
    void start_over();
    [[nodiscard]] LaneContext lane_context();
    void settle(std::vector<LanePart>& parts);
    bool commit(std::vector<LanePart>& parts);
    void pass_on(std::vector<LanePart>& parts, std::int64_t version);
    void tell_input(BatchReport& report);
    void report_batch(BatchReport& report, const std::vector<LanePart>& parts);
    void end_lanes();
    void loop(const base::StopSignal& stop);
    void take_up();
    bool loop_until_lost(const base::StopSignal& stop);

    BatchSink& sink_;
    const bronze::EventLog& log_;
    const ShopSettings& settings_;
    const SilverOptions options_;
    OnBatch on_batch_;
    OnParts on_parts_;
    HandOver* hand_over_ = nullptr;  // nothing: Gold reads the table

    base::WorkerPool& pool_;
    silver::EventTypes types_;
    silver::IdSet ids_;
    silver::Horizon horizon_;
    ColumnPool columns_;
    std::unique_ptr<bronze::WorkerGroup> group_;  // nothing when this process reads all partitions
    std::uint64_t generation_ = 0;                // of the assignment that the lanes work on
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::vector<std::thread> threads_;
    std::deque<PartitionState> partitions_;  // by number; grows under mutex_, while no lane runs

    std::atomic<bool> active_ = false;   // its state is loaded
    std::atomic<bool> sealing_ = false;  // set under mutex_ too, so that no waiter misses it
    std::atomic<bool> ending_ = false;   // likewise
    std::atomic<std::int64_t> rows_filling_ = 0;
    std::atomic<bool> moved_ = false;  // offsets without a record were passed since the last batch
    mutable std::mutex mutex_;
    std::condition_variable lanes_changed_;  // a lane delivered, is full, has come to its end, or has failed
    std::condition_variable batch_changed_;  // a batch is being sealed or was opened, or the stage ends
    std::uint32_t batch_ = 1;                // guarded by mutex_: the one being filled
    std::vector<LanePart> parts_;            // guarded by mutex_: delivered, by lane
    std::size_t delivered_ = 0;              // guarded by mutex_
    std::size_t at_end_ = 0;                 // guarded by mutex_: lanes that wait with nothing left to do
    bool full_ = false;                      // guarded by mutex_: a lane wants the batch sealed
    std::exception_ptr failure_;             // guarded by mutex_

    std::chrono::steady_clock::time_point next_trigger_;
    std::chrono::steady_clock::time_point last_commit_;
    std::int64_t last_lag_ = -1;  // at that commit; -1: there was none
    int losses_ = 0;              // since a commit
    double fill_started_ = 0;
    base::Stopwatch clock_;
};

}  // namespace millrace::pipeline
