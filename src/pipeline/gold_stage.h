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
#include "gold/gold.h"
#include "pipeline/data_directory.h"
#include "pipeline/gold_state.h"
#include "pipeline/gold_writer.h"
#include "pipeline/hand_over.h"
#include "pipeline/notifier.h"
#include "pipeline/open_rows.h"
#include "pipeline/partition_progress.h"
#include "pipeline/postgres_publisher.h"
#include "pipeline/tick_log.h"
#include "serve/alert_sink.h"
#include "storage/delta_table.h"

namespace millrace::pipeline {

struct GoldStageOptions {
    base::Duration trigger = std::chrono::seconds(10);  ///< between commits of closed windows
    bool available_now = false;                         ///< take in what silver holds at the start, then end
    bool close = false;    ///< publish what is open at the end, too, provisionally
    bool rebuild = false;  ///< begin anew, whatever the state
    gold::AlertRules alert_rules;
    serve::AlertSinkSettings alert_sinks;
    PostgresOptions postgres;
};

/// What others haven't been told yet, as of a moment ago.
struct GoldOutbox {
    std::map<std::string, std::int64_t> alerts;  ///< changes of alerts, by sink
    std::optional<PostgresBacklog> postgres;     ///< nothing when there is none
};

/// What Gold has done since the report before.
struct GoldReport {
    std::int64_t silver_version = -1;  ///< up to which silver's commits are in
    std::int64_t events = 0;           ///< taken in
    std::int64_t rows = 0;             ///< published
    std::int64_t provisional = 0;      ///< of them: of windows that are open still, at the end
    std::int64_t late = 0;             ///< additions that came after their window was closed, since the start
    gold::Timestamp watermark = gold::no_watermark;
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

    GoldStage(const DataDirectory& data, const ShopSettings& settings, const GoldStageOptions& options,
              base::WorkerPool& pool);

    /// Where silver's rows come from while it runs in this process; it must outlive the stage. Before run().
    void take_from(HandOver& from) { hand_over_ = &from; }
    /// Whom it shows its open windows to, likewise.
    void show_to(OpenRows& viewers) { viewers_ = &viewers; }

    /// Runs until `stop` is requested or, with available_now, all is taken in. What is closed is published
    /// then. Throws an Error on a fault; what was published stays.
    void run(const base::StopSignal& stop, const OnReport& on_report);

    /// The rows that the tables lack after run(): those of open windows, unless it has published them.
    void peek(gold::Output& output) const {
        if (!options_.close) gold_->peek(output, gold::all_metrics());
    }

    /// The number of the last alert that is published. Not while it runs.
    [[nodiscard]] std::int64_t last_alert() const { return writer_.alerts_sequence(); }
    /// Whether this process is the one that runs the stage. Thread-safe.
    [[nodiscard]] bool has_turn() const { return has_turn_; }
    /// Whether it has taken up the state, too, or has built it. Thread-safe.
    [[nodiscard]] bool active() const { return active_; }
    /// What is still to be told others. Thread-safe.
    [[nodiscard]] GoldOutbox outbox() const {
        const std::lock_guard lock(outbox_mutex_);
        return outbox_;
    }
    /// The silver version up to which commits are in. Thread-safe.
    [[nodiscard]] std::int64_t silver_version() const { return version_; }

  private:
    [[nodiscard]] std::filesystem::path state_path() const { return data_.gold() / "state.bin"; }
    [[nodiscard]] std::unique_ptr<gold::Gold> fresh_gold();
    bool take_lock(const base::StopSignal& stop);
    void finish(const OnReport& on_report);
    void take_up(const base::StopSignal& stop);
    bool load_state();
    void start_over(const base::StopSignal& stop);
    bool step(const base::StopSignal& stop);
    void look_after_silver(const base::StopSignal& stop);
    void pass(gold::Timestamp left);
    gold::Timestamp add(
        const std::vector<storage::AddFile>& files,
        const std::function<void(gold::Timestamp)>& then = [](gold::Timestamp) {});
    void take(const gold::Events& events);
    gold::Timestamp add_handed(HandOver::Columns columns);
    void hear(const std::vector<PartitionNews>& news);
    void adopt_rules();
    void tick();
    void publish_alerts(bool quiet = false);
    void publish_open();
    void show_open(const OnReport& on_report);
    void look_at_outbox(const Notifier& notifier);
    void close_at(gold::Timestamp watermark);
    void close_up_to(gold::Timestamp clock);
    void publish();
    void publish_provisional();
    void report(const OnReport& on_report);
    void save_state();
    void begin_state();
    [[nodiscard]] GoldPosition position() const;
    void take_written();
    void join_files(std::int64_t version);
    void replay_ticks();

    const DataDirectory& data_;
    const ShopSettings settings_;
    const GoldStageOptions options_;
    base::WorkerPool& pool_;
    const model::TimeZone zone_;
    base::File lock_;  // held by the one process that runs the stage
    storage::DeltaTable silver_;
    GoldWriter writer_;
    GoldStateWriter state_writer_;
    TickLog ticks_;
    std::unique_ptr<gold::Gold> gold_;
    HandOver* hand_over_ = nullptr;  // nothing: silver's rows are read from its table
    OpenRows* viewers_ = nullptr;    // nothing: nobody looks at open windows
    std::optional<PostgresPublisher> postgres_;
    mutable std::mutex outbox_mutex_;
    GoldOutbox outbox_;    // guarded by outbox_mutex_
    gold::Events handed_;  // whose memory is used again
    gold::Output output_;  // closed, not published yet
    std::atomic<bool> has_turn_ = false;
    std::atomic<bool> active_ = false;
    std::atomic<std::int64_t> version_ = -1;  // of silver, up to which commits are in
    std::int64_t reported_version_ = -1;
    std::int64_t saved_version_ = -1;                 // of the state on disk
    gold::Timestamp watermark_ = gold::no_watermark;  // that windows are closed up to
    GoldReport report_;                               // of what isn't reported yet
    base::Stopwatch work_;
};

}  // namespace millrace::pipeline
