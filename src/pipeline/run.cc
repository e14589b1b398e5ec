#include "pipeline/run.h"

#include "base/clock.h"
#include "pipeline/run_metrics.h"

namespace millrace::pipeline {

namespace {

constexpr auto status_interval = std::chrono::milliseconds(250);

}  // namespace

PipelineRun::PipelineRun(const catalog::DataDirectory& data, bronze::EventLog& log,
                         const model::ShopSettings& settings, const RunOptions& options)
    : data_(data),
      log_(log),
      settings_(settings),
      options_(options),
      root_(data.root(), base::File::Mode::read),
      lease_(data),
      silver_(data, log, settings, options.silver, pool_,
              options.gold ? silver::Followers{&commits_, &uncommitted_} : silver::Followers{}) {
    silver_.on_batch([this](const silver::BatchReport& report) { monitor_.add(report); });
    read_status();
    if (options_.gold) open_gold();
}

PipelineRun::~PipelineRun() {
    server_.reset();
    for (base::Task* task : {&simulator_task_, &silver_task_, &gold_task_}) task->request_stop();
}

void PipelineRun::open_gold() {
    publish::PublishOptions publish = options_.publish;
    publish.postgres.open_interval = options_.gold->trigger;
    publisher_.emplace(data_, std::move(publish), open_windows_);
    gold_.emplace(data_, settings_, *options_.gold, pool_,
                  gold::GoldStage::Links{.windows = open_windows_,
                                         .commits = &commits_,
                                         .uncommitted = &uncommitted_,
                                         .observer = &*publisher_});
    alerts_before_ = gold_->last_alert();
}

void PipelineRun::start() {
    const std::int64_t numbered_before = log_.records_numbered();
    monitor_.begin_at(silver_.table_version());
    if (gold_) {
        gold_task_.start([this](const base::StopSignal& stop) {
            gold_->run(stop, [this](const gold::GoldReport& report) { monitor_.add(report); });
        });
    }
    silver_task_.start([this](const base::StopSignal& stop) { silver_.run(stop); });
    if (!options_.simulator) return;
    simulator_task_.start([this, numbered_before](const base::StopSignal& stop) {
        produce::Simulator shop(log_, *options_.simulator, numbered_before);
        shop.run(stop, [this](const produce::SimulatorReport& sent) { monitor_.set_sent(sent.records); });
    });
}

/// The server's threads read the last status: they must not wait for the log's answers.
void PipelineRun::serve() {
    const api::PipelineProbe probe{
        .add_metrics = [this](serve::MetricsText& text) { add_metrics(text, monitor_.last()); },
        .not_ready = [this] { return reason_not_ready(); },
        .open_windows = gold_ ? &open_windows_ : nullptr,
        .uncommitted = gold_ ? &uncommitted_ : nullptr,
        .status =
            [this] {
                auto status = to_json(monitor_.last(), silver_.partitions().progress());
                if (!gold_) status.erase("figures_as_of");
                if (!gold_ || !gold_->active()) status.erase("correcting");
                return status;
            }};
    server_.emplace(data_, log_, settings_, *options_.server, probe);
    options_.on_serving(server_->url());
}

std::optional<std::string> PipelineRun::reason_not_ready() const {
    return pipeline::reason_not_ready({.silver_active = silver_.active(),
                                       .gold_active = !gold_ || gold_->active(),
                                       .freshness_objective = options_.server->freshness},
                                      monitor_.last(), base::wall_time());
}

RunStatus PipelineRun::read_status() {
    RunMonitor::Reading reading;
    for (int p = 0; p < log_.partitions(); ++p) {
        const auto held = log_.offsets(p);
        reading.in_log += held.end - held.start;
    }
    reading.lag = silver_.partitions().lag();
    reading.unread = silver_.partitions().known_lag_unread();
    reading.shows_unread = !uncommitted_.has_gap();
    reading.skipped = silver_.partitions().skipped();
    if (gold_ && gold_->active()) {
        if (!gold_->rebuilding()) reading.gold_version = gold_->silver_version();
        reading.gold_late_days = gold_->late_days();
    }
    if (publisher_) reading.delivery = publisher_->lag(gold_->published());
    reading.seconds = since_opening_.seconds();
    reading.now = base::wall_time();
    return monitor_.update(reading);
}

/// Reports the status until it is time to end, or a stage has ended.
void PipelineRun::watch(const base::StopSignal& stop, const OnStatus& on_status) {
    const base::Stopwatch watch;
    while (!stop.wait_for(status_interval) && !silver_task_.done() && !gold_task_.done()) {
        root_.check_in_place();
        on_status(read_status());
        if (simulator_task_.done()) return;
        if (options_.duration && watch.seconds() * 1e6 >= static_cast<double>(options_.duration->count()))
            return;
    }
}

/// Ends the server and the simulator. All events that they have accepted are in the log then.
void PipelineRun::stop_intake() {
    server_.reset();
    simulator_task_.request_stop();
    simulator_task_.finish();
}

/// Waits until the lanes have read all that is in the log, and ends silver. While records come in faster than
/// the lanes work, only `stop` ends the wait.
void PipelineRun::finish_silver(const base::StopSignal& stop) {
    while (!stop.requested() && !silver_task_.done() && silver_.partitions().lag_unread() > 0 &&
           !stop.wait_for(std::chrono::milliseconds(5))) {
    }
    silver_task_.request_stop();
    silver_task_.finish();
}

/// Lets Gold process what silver has committed, also while Gold is still being built, unless `stop` is
/// requested, and ends Gold. Returns the summary of the last day, where this process ran Gold.
std::optional<api::DaySummary> PipelineRun::finish_gold(const base::StopSignal& stop) {
    const storage::Version silver_version = silver_.table_version();
    const auto is_behind = [&] { return !gold_->active() || gold_->silver_version() < silver_version; };
    while (gold_->has_turn() && !gold_task_.done() && is_behind() &&
           !stop.wait_for(std::chrono::milliseconds(2))) {
    }
    gold_task_.request_stop();
    gold_task_.finish();
    if (!gold_->active()) return std::nullopt;
    return api::summarize_last_day(data_, settings_, open_windows_, alerts_before_,
                                   options_.server ? options_.server->dashboard.duckdb : "");
}

RunStatus PipelineRun::run(const base::StopSignal& stop, const OnStatus& on_status) {
    start();
    if (options_.server) serve();
    const base::Stopwatch working;
    watch(stop, on_status);
    stop_intake();
    finish_silver(stop);
    RunStatus status = read_status();
    if (gold_) status.gold = finish_gold(stop);
    status.seconds = working.seconds();
    return status;
}

}  // namespace millrace::pipeline
