#include "pipeline/run_monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/units.h"

namespace millrace::pipeline {

namespace {

constexpr std::size_t kept_batches = 30;
constexpr std::size_t kept_latencies = 10'000;

/// How long records wait in the log: the time since the last commit or since the lag began, or how long the
/// records of the last commit have waited, whichever is longer.
std::chrono::milliseconds waiting_time(const RunStatus& status, base::WallTime now) {
    if (!status.waiting_since) return {};
    base::WallTime since = *status.waiting_since;
    if (!status.last_batches.empty()) since = std::max(since, status.last_batches.back().committed_at);
    const double last = status.gold_latency_ms.empty() ? 0 : status.gold_latency_ms.back();
    return std::max(now - since, std::chrono::milliseconds(static_cast<std::int64_t>(last)));
}

}  // namespace

void RunMonitor::add(const silver::BatchReport& report) {
    const base::MutexLock lock(mutex_);
    status_.received += report.received;
    status_.silver += report.silver;
    status_.duplicates += report.duplicates;
    status_.quarantined += report.quarantined;
    for (const auto& [rule, records] : report.by_rule) status_.by_rule[rule] += records;
    silver_version_ = report.version;
    status_.last_batches.push_back(report);
    if (status_.last_batches.size() > kept_batches) status_.last_batches.erase(status_.last_batches.begin());
}

void RunMonitor::add(const gold::GoldReport& report) {
    const base::MutexLock lock(mutex_);
    status_.gold_rows += report.rows;
    status_.gold_late = report.late;
    status_.gold_orders = report.orders;
    status_.gold_visitors = report.visitors;
    if (report.watermark != gold::no_watermark)
        status_.gold_watermark = model::to_wall_time(report.watermark);
    auto& latencies = status_.gold_latency_ms;
    if (report.latency_ms > 0) latencies.push_back(report.latency_ms);
    if (latencies.size() > kept_latencies)
        latencies.erase(latencies.begin(), latencies.begin() + kept_latencies / 2);
}

void RunMonitor::begin_at(storage::Version silver) {
    const base::MutexLock lock(mutex_);
    silver_version_ = silver;
}

void RunMonitor::set_sent(std::int64_t records) {
    const base::MutexLock lock(mutex_);
    status_.sent = records;
}

RunStatus RunMonitor::update(const Reading& reading) {
    const base::MutexLock lock(mutex_);
    if (reading.lag == 0) {
        waiting_since_.reset();
    } else if (!waiting_since_) {
        waiting_since_ = reading.now;
    }
    const double seconds = reading.seconds - rate_seconds_;
    if (!rate_in_log_) {
        rate_in_log_ = reading.in_log;
    } else if (seconds >= 1) {
        rate_ = static_cast<double>(reading.in_log - *rate_in_log_) / seconds;
        rate_seconds_ = reading.seconds;
        rate_in_log_ = reading.in_log;
    }
    last_ = status_;
    last_.seconds = reading.seconds;
    last_.in_log = reading.in_log;
    last_.lag = reading.lag;
    last_.skipped = reading.skipped;
    last_.waiting_since = waiting_since_;
    last_.events_per_second = rate_;
    last_.delivery = reading.delivery;
    last_.gold_late_days = reading.gold_late_days;
    if (reading.gold_version)
        last_.gold_lag = std::max<std::int64_t>(0, silver_version_ - *reading.gold_version);
    note_figures(reading);
    last_.figures_as_of = figures_as_of_;
    return last_;
}

/// While events come, some are always on their way: those of half a second are not missed.
void RunMonitor::note_figures(const Reading& reading) {
    constexpr std::int64_t always_on_their_way = 20;
    const auto on_their_way = std::max(always_on_their_way, static_cast<std::int64_t>(rate_ / 2));
    const std::int64_t missing = reading.shows_unread ? reading.unread : reading.lag;
    if (reading.gold_version && last_.gold_lag <= 1 && missing <= on_their_way) figures_as_of_ = reading.now;
}

RunStatus RunMonitor::last() const {
    const base::MutexLock lock(mutex_);
    return last_;
}

std::optional<std::string> reason_not_ready(const Readiness& stages, const RunStatus& status,
                                            base::WallTime now) {
    if (!stages.silver_active) return "the silver stage is resuming its work";
    if (!stages.gold_active) return "Gold is resuming its work";
    const auto waiting = waiting_time(status, now);
    if (waiting <= stages.freshness_objective) return std::nullopt;
    return fmt::format("records wait in the log for {}: the objective is {}",
                       base::format_duration(std::chrono::duration_cast<std::chrono::seconds>(waiting)),
                       base::format_duration(stages.freshness_objective));
}

}  // namespace millrace::pipeline
