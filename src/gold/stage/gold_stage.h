#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>

#include "base/file.h"
#include "base/mutex.h"
#include "base/stop.h"
#include "base/units.h"
#include "base/worker_pool.h"
#include "catalog/data_directory.h"
#include "gold/alerts/alert_rules.h"
#include "gold/stage/day_corrector.h"
#include "gold/stage/gold_engine.h"
#include "gold/stage/gold_observer.h"
#include "gold/stage/gold_report.h"
#include "gold/stage/late_days.h"
#include "gold/stage/open_windows.h"
#include "gold/stage/silver_tail.h"
#include "gold/stage/state_keeper.h"
#include "gold/stage/table_publisher.h"
#include "gold/stage/uncommitted_tail.h"
#include "silver/stage/commit_queue.h"
#include "storage/version.h"

namespace millrace::gold {

struct GoldStageOptions {
    base::Duration trigger = std::chrono::seconds(10);  ///< between commits of closed windows
    bool available_now = false;  ///< process the commits that Silver has at the start, then end
    bool close = false;          ///< at the end, also publish the open windows, provisionally
    bool rebuild = false;        ///< ignore the saved state and rebuild Gold
    bool correct = true;         ///< recompute the days of late events in the background
    AlertRules alert_rules;
};

/// The speed layer: follows Silver's commits in version order (SilverTail), updates Gold's state by them
/// (GoldEngine), and publishes windows that the watermark closes (TablePublisher). The state is saved
/// together with the silver version that it includes (StateKeeper). A restart loads it and processes the
/// commits after that version again, except for rows that a table has already. So the tables are the same as
/// without the restart. Rows that were published provisionally at the end are withdrawn first, because
/// their windows continue.
///
/// Events that are late for a closed window are noted by day (LateDays), and the batch layer recomputes these
/// days while the stage goes on (DayCorrector), or before it ends with `available_now`.
class GoldStage {
  public:
    using OnReport = std::function<void(const GoldReport&)>;

    /// What connects the stage with the rest of its process. All of it must outlive the stage.
    struct Links {
        OpenWindowsChannel& windows;                     ///< requests of readers of the open windows
        silver::CommitQueue* commits = nullptr;          ///< Silver's rows; null where Silver runs elsewhere
        silver::UncommittedRows* uncommitted = nullptr;  ///< Silver's rows before they are committed
        GoldObserver* observer = nullptr;
    };

    GoldStage(const catalog::DataDirectory& data, const model::ShopSettings& settings,
              const GoldStageOptions& options, base::WorkerPool& pool, Links links);
    ~GoldStage();
    GoldStage(const GoldStage&) = delete;
    GoldStage& operator=(const GoldStage&) = delete;

    /// Runs until `stop` is requested or, with available_now, all commits are processed. Then publishes
    /// the windows that are closed. Throws an Error on a fault; published rows stay.
    void run(const base::StopSignal& stop, const OnReport& on_report);

    /// The sequence number of the last published alert. Must not be called while run() works.
    [[nodiscard]] model::AlertSequence last_alert() const { return tables_.alerts_sequence(); }
    /// Whether this process is the one that runs the stage. Thread-safe.
    [[nodiscard]] bool has_turn() const { return has_turn_; }
    /// Whether the state is loaded or rebuilt. Thread-safe.
    [[nodiscard]] bool active() const { return active_; }
    /// Whether Gold is being rebuilt, so that its figures lack most events. Thread-safe.
    [[nodiscard]] bool rebuilding() const { return rebuilding_; }
    /// The versions of the tables, at most a second old. Thread-safe.
    [[nodiscard]] PublishedVersions published() const { return tables_.versions(); }
    /// The last version of Silver that was taken in. Thread-safe.
    [[nodiscard]] storage::Version silver_version() const { return silver_.version(); }
    /// The days whose published rows lack late events, at most a second old. Thread-safe.
    [[nodiscard]] LateDays late_days() const;

  private:
    void resume(const base::StopSignal& stop);
    void rebuild(const base::StopSignal& stop);
    bool read_all(const base::StopSignal& stop);
    bool loop(const base::StopSignal& stop, const OnReport& on_report);
    void keep_up(const base::StopSignal& stop, bool caught_up);
    bool step(const base::StopSignal& stop);
    void adopt_rules();
    void tick();
    void publish();
    void reply_to_readers(const OnReport& on_report);
    void report(const OnReport& on_report);
    void take_correction();
    void join_files();
    void note_late_days();
    void finish(const base::StopSignal& stop, const OnReport& on_report);

    const catalog::DataDirectory& data_;
    const model::ShopSettings settings_;
    const GoldStageOptions options_;
    base::WorkerPool& pool_;
    const Links links_;
    base::File lock_;  // held by the one process that runs the stage
    SilverTail silver_;
    GoldEngine engine_;
    UncommittedTail tail_;
    TablePublisher tables_;
    LateDays late_;
    StateKeeper state_;
    DayCorrector corrector_;
    GoldReporter reporter_;
    mutable base::Mutex mutex_;
    LateDays noted_late_ MILLRACE_GUARDED_BY(mutex_);  // a copy of late_ for other threads
    std::optional<storage::Version> to_join_;          // files of rows up to this version can be joined
    std::int64_t events_to_free_ = 0;                  // taken in since memory was last freed
    std::atomic<bool> rebuilding_ = false;  // from the start of a rebuild until its state is on disk
    std::atomic<bool> has_turn_ = false;
    std::atomic<bool> active_ = false;
};

}  // namespace millrace::gold
