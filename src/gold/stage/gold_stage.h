#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/worker_pool.h"
#include "catalog/data_directory.h"
#include "catalog/partition_progress.h"
#include "gold/stage/gold.h"
#include "gold/stage/gold_observer.h"
#include "gold/stage/gold_state.h"
#include "gold/stage/gold_writer.h"
#include "gold/stage/idle_tick_log.h"
#include "gold/stage/open_windows.h"
#include "silver/stage/commit_queue.h"
#include "storage/delta_table.h"

namespace millrace::gold {

struct GoldStageOptions {
    base::Duration trigger = std::chrono::seconds(10);  ///< between commits of closed windows
    bool available_now = false;                         ///< take in what silver holds at the start, then end
    bool close = false;    ///< publish what is open at the end, too, provisionally
    bool rebuild = false;  ///< begin anew, whatever the state
    AlertRules alert_rules;
};

/// How far Gold's own tables have come.
struct PublishedVersions {
    std::map<Table, std::int64_t> tables;  ///< each table's Delta version
    std::int64_t last_alert = 0;           ///< sequence number
};

/// What Gold has done since the report before.
struct GoldReport {
    std::int64_t silver_version = -1;  ///< up to which silver's commits are in
    std::int64_t events = 0;           ///< taken in
    std::int64_t rows = 0;             ///< published
    std::int64_t provisional = 0;      ///< of them: of windows that are open still, at the end
    std::int64_t late = 0;             ///< additions that came after their window was closed, since the start
    Timestamp watermark = no_watermark;
    double seconds = 0;  ///< of work
    /// The longest time from a record's append to the log until its event was in Gold's state, since the
    /// report before; ms. 0: no event came.
    double latency_ms = 0;
    double pause_ms =
        0;  ///< the longest that keeping the state has stopped the work, since the report before

    [[nodiscard]] base::json::object to_json() const;
    /// One line for people.
    [[nodiscard]] std::string line() const;
};

/// The speed layer: follows silver's commits in version order, keeps Gold's state, and publishes what the
/// watermark closes. The state is kept on disk together with the silver version that it stands for; a restart
/// loads it and takes in the commits after it again, and rows that a table has already are left out. So the
/// tables are the same as without the restart. What was published provisionally at the end is withdrawn
/// first, since those windows go on.
class GoldStage {
  public:
    using OnReport = std::function<void(const GoldReport&)>;

    /// What connects the stage with the rest of its process; all of it must outlive the stage.
    struct Links {
        OpenWindowsChannel& windows;             ///< whoever wants to see the open windows
        silver::CommitQueue* commits = nullptr;  ///< silver's rows, where silver runs here, too
        GoldObserver* observer = nullptr;
    };

    GoldStage(const catalog::DataDirectory& data, const model::ShopSettings& settings,
              const GoldStageOptions& options, base::WorkerPool& pool, Links links);
    ~GoldStage();
    GoldStage(const GoldStage&) = delete;
    GoldStage& operator=(const GoldStage&) = delete;

    /// Runs until `stop` is requested or, with available_now, all is taken in. What is closed is published
    /// then. Throws an Error on a fault; what was published stays.
    void run(const base::StopSignal& stop, const OnReport& on_report);

    /// The number of the last alert that is published. Not while it runs.
    [[nodiscard]] std::int64_t last_alert() const { return writer_.alerts_sequence(); }
    /// Whether this process is the one that runs the stage. Thread-safe.
    [[nodiscard]] bool has_turn() const { return has_turn_; }
    /// Whether it has taken up the state, too, or has built it. Thread-safe.
    [[nodiscard]] bool active() const { return active_; }
    /// How far the tables have come, at most a second ago. Thread-safe.
    [[nodiscard]] PublishedVersions published() const {
        const std::lock_guard lock(published_mutex_);
        return published_;
    }
    /// The silver version up to which commits are in. Thread-safe.
    [[nodiscard]] std::int64_t silver_version() const { return version_; }

  private:
    [[nodiscard]] std::filesystem::path state_path() const { return data_.gold_state(); }
    [[nodiscard]] std::unique_ptr<Gold> fresh_gold();
    bool take_lock(const base::StopSignal& stop);
    void finish(const OnReport& on_report);
    void resume(const base::StopSignal& stop);
    bool load_state();
    void rebuild(const base::StopSignal& stop);
    bool step(const base::StopSignal& stop);
    void look_after_silver(const base::StopSignal& stop);
    void pass(Timestamp left);
    Timestamp add(
        const std::vector<storage::AddFile>& files,
        const std::function<void(Timestamp)>& then = [](Timestamp) {});
    void take(const Events& events);
    Timestamp add_handed(silver::CommitQueue::Columns columns);
    void observe(const std::vector<catalog::PartitionStatus>& news);
    void adopt_rules();
    void tick();
    void publish_alerts(bool quiet = false);
    void reply_to_readers(const OnReport& on_report);
    [[nodiscard]] OpenWindowsSnapshot snapshot(const OpenWindowsChannel::Request& request) const;
    void note_published();
    void close_at(Timestamp watermark);
    void close_up_to(Timestamp clock);
    void publish();
    void publish_provisional();
    void report(const OnReport& on_report);
    void save_state();
    void begin_state();
    [[nodiscard]] GoldPosition position() const;
    void take_written();
    void join_files(std::int64_t version);
    void replay_ticks();

    const catalog::DataDirectory& data_;
    const model::ShopSettings settings_;
    const GoldStageOptions options_;
    base::WorkerPool& pool_;
    const Links links_;
    const model::TimeZone zone_;
    base::File lock_;  // held by the one process that runs the stage
    storage::DeltaTable silver_;
    GoldWriter writer_;
    GoldStateWriter state_writer_;
    IdleTickLog ticks_;
    std::unique_ptr<Gold> gold_;
    mutable std::mutex published_mutex_;
    PublishedVersions published_;  // guarded by published_mutex_
    Events handed_;                // whose memory is used again
    Output output_;                // closed, not published yet
    std::atomic<bool> has_turn_ = false;
    std::atomic<bool> active_ = false;
    std::atomic<std::int64_t> version_ = -1;  // of silver, up to which commits are in
    bool published_provisional_ = false;      // whether the tables have the open windows, too
    std::int64_t reported_version_ = -1;
    std::int64_t saved_version_ = -1;     // of the state on disk
    Timestamp watermark_ = no_watermark;  // that windows are closed up to
    GoldReport report_;                   // of what isn't reported yet
    base::Stopwatch work_;
};

}  // namespace millrace::gold
