#include "pipeline/run.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/table_locks.h"
#include "pipeline/run_metrics.h"
#include "pipeline/table_maintenance.h"

namespace millrace::pipeline {

namespace {

constexpr std::size_t kept_batches = 30;
constexpr std::size_t kept_latencies = 10'000;
constexpr auto status_interval = std::chrono::milliseconds(250);

/// Runs a part of the pipeline in a thread, keeps its exception, and tells when it is done.
class Task {
  public:
    template <typename Work>
    explicit Task(Work work)
        : thread_([this, work = std::move(work)] {
              try {
                  work();
              } catch (...) {
                  failure_ = std::current_exception();
              }
              done_ = true;
          }) {}
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    ~Task() {
        if (thread_.joinable()) thread_.join();
    }

    [[nodiscard]] bool done() const { return done_; }
    void finish() {
        if (thread_.joinable()) thread_.join();
        if (failure_) std::rethrow_exception(failure_);
    }

  private:
    std::exception_ptr failure_;
    std::atomic<bool> done_ = false;
    std::thread thread_;
};

/// The run's status, written by the parts and read by the caller.
class RunMonitor {
  public:
    void add(const silver::BatchReport& report) {
        const std::lock_guard lock(mutex_);
        status_.received += report.received;
        status_.silver += report.silver;
        status_.duplicates += report.duplicates;
        status_.quarantined += report.quarantined;
        for (const auto& [rule, records] : report.by_rule) status_.by_rule[rule] += records;
        silver_version_ = report.version;
        status_.last_batches.push_back(report);
        if (status_.last_batches.size() > kept_batches)
            status_.last_batches.erase(status_.last_batches.begin());
    }
    void add(const gold::GoldReport& report) {
        const std::lock_guard lock(mutex_);
        status_.gold_rows += report.rows;
        status_.gold_late = report.late;
        if (report.watermark != gold::no_watermark) status_.gold_watermark_ms = report.watermark / 1000;
        auto& latencies = status_.gold_latency_ms;
        if (report.latency_ms > 0) latencies.push_back(report.latency_ms);
        if (latencies.size() > kept_latencies)
            latencies.erase(latencies.begin(), latencies.begin() + kept_latencies / 2);
    }
    void set_sent(std::int64_t sent) {
        const std::lock_guard lock(mutex_);
        status_.sent = sent;
    }
    /// Reads how the parts are now. `gold` and `publisher` may be nothing.
    RunStatus look(const bronze::EventLog& log, const silver::SilverStage& stage, const gold::GoldStage* gold,
                   const publish::Publisher* publisher) {
        std::int64_t in_log = 0;
        for (int p = 0; p < log.partitions(); ++p) {
            const auto held = log.offsets(p);
            in_log += held.end - held.start;
        }
        const std::int64_t lag = stage.partitions().lag();
        const std::lock_guard lock(mutex_);
        RunStatus status = status_;
        status.seconds = watch_.seconds();
        status.in_log = in_log;
        status.lag = lag;
        status.skipped = stage.partitions().skipped();
        if (lag == 0) {
            waiting_since_ms_ = 0;
        } else if (waiting_since_ms_ == 0) {
            waiting_since_ms_ = base::now_ms();
        }
        status.waiting_since_ms = waiting_since_ms_;
        if (gold != nullptr && gold->active())
            status.gold_lag = std::max<std::int64_t>(0, silver_version_ - gold->silver_version());
        if (publisher != nullptr) status.delivery = publisher->lag(gold->published());
        const double seconds = status.seconds - last_seconds_;
        if (seconds >= 1) {
            rate_ = static_cast<double>(status.in_log - last_in_log_) / seconds;
            last_seconds_ = status.seconds;
            last_in_log_ = status.in_log;
        }
        status.events_per_second = rate_;
        last_ = status;
        return status;
    }
    /// What look() has seen last: for those who can't wait for the log's answers.
    RunStatus last() const {
        const std::lock_guard lock(mutex_);
        return last_;
    }
    void start_at(std::int64_t in_log) { last_in_log_ = in_log; }

  private:
    mutable std::mutex mutex_;
    RunStatus status_;                   // guarded by mutex_
    RunStatus last_;                     // likewise
    std::int64_t waiting_since_ms_ = 0;  // likewise; since when records wait; 0: none does
    base::Stopwatch watch_;
    double last_seconds_ = 0;
    std::int64_t last_in_log_ = 0;
    double rate_ = 0;
    std::int64_t silver_version_ = -1;  // guarded by mutex_; after the last batch
};

/// Ends the parts however their scope is left, so that joining their threads ends.
class StopOnExit {
  public:
    explicit StopOnExit(std::vector<base::StopSignal*> parts) : parts_(std::move(parts)) {}
    StopOnExit(const StopOnExit&) = delete;
    StopOnExit& operator=(const StopOnExit&) = delete;
    ~StopOnExit() {
        for (base::StopSignal* part : parts_) part->request();
    }

  private:
    std::vector<base::StopSignal*> parts_;
};

/// How long records wait: since the last commit, and what those of the last one have waited.
std::chrono::milliseconds waiting_time(const RunStatus& status) {
    if (status.waiting_since_ms == 0) return {};
    const std::int64_t committed = status.last_batches.empty() ? 0 : status.last_batches.back().committed_ms;
    const std::int64_t silent = base::now_ms() - std::max(committed, status.waiting_since_ms);
    const double last = status.gold_latency_ms.empty() ? 0 : status.gold_latency_ms.back();
    return std::chrono::milliseconds(std::max(silent, static_cast<std::int64_t>(last)));
}

/// Why events aren't being processed, or not soon enough; nothing when they are.
std::optional<std::string> not_ready(const silver::SilverStage& stage, const gold::GoldStage* gold,
                                     const RunStatus& status, base::Duration objective) {
    if (!stage.active()) return "the silver stage is taking up its work";
    if (gold != nullptr && !gold->active()) return "Gold is taking up its work";
    const auto waiting = waiting_time(status);
    if (waiting <= objective) return std::nullopt;
    return fmt::format("records wait in the log for {}: the objective is {}",
                       base::format_duration(std::chrono::duration_cast<std::chrono::seconds>(waiting)),
                       base::format_duration(objective));
}

/// Lets Gold take in what silver has committed, also where it is still being built, unless all is to end now,
/// and ends it; then what it knows of the last day.
std::optional<gold::GoldSummary> finish_gold(const catalog::DataDirectory& data, gold::GoldStage& stage,
                                             gold::OpenWindowsChannel& windows, Task& gold,
                                             base::StopSignal& stop, std::int64_t silver_version,
                                             std::int64_t alerts_before, const base::StopSignal& stop_all) {
    const auto is_behind = [&] { return !stage.active() || stage.silver_version() < silver_version; };
    while (stage.has_turn() && !gold.done() && is_behind() &&
           !stop_all.wait_for(std::chrono::milliseconds(2))) {
    }
    stop.request();
    gold.finish();
    if (!stage.active()) return std::nullopt;
    auto open = windows.request({.tables = gold::all_metrics(), .files = false}, std::chrono::seconds(1));
    if (!open) return std::nullopt;
    return gold::summarize_gold(data, open->open, alerts_before);
}

/// What the server tells of the pipeline, without waiting for it.
api::PipelineProbe pipeline_probe(const silver::SilverStage& stage, const gold::GoldStage* gold,
                                  const RunMonitor& board, gold::OpenWindowsChannel& open_windows,
                                  base::Duration freshness) {
    return {.add_metrics = [&](serve::MetricsText& text) { add_metrics(text, board.last()); },
            .not_ready = [&stage, gold, &board,
                          freshness] { return not_ready(stage, gold, board.last(), freshness); },
            .open_windows = gold != nullptr ? &open_windows : nullptr,
            .status = [&] { return to_json(board.last(), stage.partitions().progress()); }};
}

/// Waits until the lanes have taken up what the log has, unless it comes in faster than they work.
void drain(const silver::SilverStage& stage, const Task& silver, const base::StopSignal& stop) {
    while (!stop.requested() && !silver.done() && stage.partitions().lag_unread() > 0 &&
           !stop.wait_for(std::chrono::milliseconds(5))) {
    }
}

}  // namespace

RunStatus run_all(const catalog::DataDirectory& data, bronze::EventLog& log, std::int64_t numbered_before,
                  const model::ShopSettings& settings, const RunOptions& options,
                  const base::StopSignal& stop, const std::function<void(const RunStatus&)>& on_status) {
    const base::File root(data.root(), base::File::Mode::read);
    auto writers = catalog::writers_lock(data);
    const std::shared_lock lock(writers);
    base::WorkerPool pool;
    silver::CommitQueue commits;
    gold::OpenWindowsChannel open_windows;
    silver::SilverWriter writer(data, log, settings, pool);
    silver::SilverStage stage(writer, log, settings, options.silver, pool, options.gold ? &commits : nullptr);
    silver::BatchHistory history(data.progress() / "silver.jsonl");
    RunMonitor board;
    board.start_at(board.look(log, stage, nullptr, nullptr).in_log);
    stage.on_batch([&](const silver::BatchReport& report) {
        history.add(report);
        board.add(report);
    });
    const TableMaintenance maintenance(data,
                                       [&](int partition) { return stage.partitions().is_ours(partition); });
    std::optional<publish::Publisher> publisher;
    std::optional<gold::GoldStage> gold_stage;
    if (options.gold) {
        publish::PublishOptions publish = options.publish;
        publish.postgres.open_interval = options.gold->trigger;
        publisher.emplace(data, std::move(publish), open_windows);
        gold_stage.emplace(
            data, settings, *options.gold, pool,
            gold::GoldStage::Links{.windows = open_windows, .commits = &commits, .observer = &*publisher});
    }
    const gold::GoldStage* const gold_now = gold_stage ? &*gold_stage : nullptr;
    const auto look = [&] { return board.look(log, stage, gold_now, publisher ? &*publisher : nullptr); };
    const std::int64_t alerts_before = gold_stage ? gold_stage->last_alert() : 0;

    base::StopSignal stop_simulator;
    base::StopSignal stop_silver;
    base::StopSignal stop_gold;
    std::optional<Task> gold;
    if (gold_stage)
        gold.emplace(
            [&] { gold_stage->run(stop_gold, [&](const gold::GoldReport& report) { board.add(report); }); });
    Task silver([&] { stage.run(stop_silver); });
    std::optional<Task> simulator;
    if (options.simulator) {
        simulator.emplace([&] {
            produce::Simulator shop(log, *options.simulator, numbered_before);
            shop.run(stop_simulator,
                     [&](const produce::SimulatorReport& sent) { board.set_sent(sent.records); });
        });
    }
    const StopOnExit ender({&stop_simulator, &stop_silver, &stop_gold});
    std::optional<api::Server> server;
    if (options.server) {
        server.emplace(data, log, settings, *options.server,
                       pipeline_probe(stage, gold_now, board, open_windows, options.server->freshness));
        options.on_serving(server->url());
    }
    const base::Stopwatch watch;
    while (!stop.wait_for(status_interval) && !silver.done() && !(gold && gold->done())) {
        root.check_in_place();
        on_status(look());
        if (simulator && simulator->done()) break;
        if (options.duration && watch.seconds() * 1e6 >= static_cast<double>(options.duration->count()))
            break;
    }
    server.reset();  // what it has taken in is in the log now
    stop_simulator.request();
    try {
        if (simulator) simulator->finish();
    } catch (...) {
        stop_silver.request();
        throw;
    }
    drain(stage, silver, stop);
    stop_silver.request();
    silver.finish();
    RunStatus status = look();
    if (gold)
        status.gold = finish_gold(data, *gold_stage, open_windows, *gold, stop_gold,
                                  writer.snapshot().version, alerts_before, stop);
    status.seconds = watch.seconds();
    return status;
}

}  // namespace millrace::pipeline
