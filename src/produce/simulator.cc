#include "produce/simulator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "base/clock.h"
#include "base/error.h"

namespace millrace::produce {

namespace {

constexpr std::size_t remembered = 256;
// Number of records between two checks of the clock and the stop signal, at full speed.
constexpr std::int64_t records_between_checks = 4096;
// Events that are due at about the same time are sent together, as a collector would: each append waits for
// the disk.
constexpr auto tick = std::chrono::milliseconds(50);

std::uint64_t seed_of(const SimulatorOptions& options) {
    return options.seed ? *options.seed : std::random_device{}();
}

/// Computes how many events are due, at a steady rate or at one that follows the time of day.
class Pace {
  public:
    explicit Pace(const SimulatorOptions& options) : rate_(options.rate), has_days_(options.has_days) {}

    /// Returns how many events are due after `elapsed` seconds, which never decrease. `now` is the current
    /// wall clock.
    double due(double elapsed, model::Timestamp now) {
        if (!has_days_) return elapsed * rate_;
        due_ += (elapsed - elapsed_before_) * rate(now);
        elapsed_before_ = elapsed;
        return due_;
    }
    /// Returns the rate in events per second.
    [[nodiscard]] double rate(model::Timestamp now) const {
        return has_days_ ? rate_ * traffic_at(now) : rate_;
    }

  private:
    const double rate_;
    const bool has_days_;
    double due_ = 0;
    double elapsed_before_ = 0;
};

/// Converts seconds to at most an hour of microseconds, so that any rate and any duration can be waited for.
std::chrono::microseconds microseconds(double seconds) {
    return std::chrono::microseconds(std::llround(std::clamp(seconds, 0.0, 3600.0) * 1e6));
}

}  // namespace

void SimulatorOptions::validate() const {
    const char* doing = "reading the simulator's options";
    if (!(rate >= 0)) throw usage_error(doing, "the rate must be above 0, or max");
    if (users < 1 || users > 10'000'000) throw usage_error(doing, "there must be 1 to 10,000,000 users");
    if (products < 1 || products > 10'000'000)
        throw usage_error(doing, "there must be 1 to 10,000,000 products");
    if (duplicates + invalid > 1) throw usage_error(doing, "duplicates and invalid together exceed 100%");
    if (count && *count < 0) throw usage_error(doing, "the count must not be negative");
    if (span && !count) throw usage_error(doing, "--span needs --count, the number of events to spread");
}

std::int64_t SimulatorReport::invalid() const {
    return std::accumulate(faults.begin(), faults.end(), std::int64_t{0});
}

Simulator::Simulator(bronze::EventLog& log, const SimulatorOptions& options, std::int64_t numbered_before)
    : options_(options),
      numbered_before_(numbered_before),
      appender_(log),
      random_(seed_of(options) ^ 0x9E3779B97F4A7C15ULL),
      shop_({.users = options.users, .products = options.products}, seed_of(options)) {
    options_.validate();
}

void Simulator::plan_times(model::Timestamp now) {
    if (options_.span) {
        const base::Duration length = *options_.span;
        us_between_ = static_cast<double>(length.count()) /
                      static_cast<double>(std::max<std::int64_t>(1, *options_.count));
        first_time_ = options_.start_time.value_or(now - options_.ended - length);
        if (length.count() > 0 && (options_.has_days || *options_.span >= SimulatorOptions::days_from))
            spread_.emplace(first_time_, first_time_ + length, *options_.count);
    } else if (options_.start_time) {
        us_between_ = options_.rate > 0 ? 1e6 / options_.rate : 1000;
        first_time_ = *options_.start_time;
    }
}

model::Timestamp Simulator::next_time() {
    if (spread_) return spread_->next();
    if (us_between_ == 0) return base::now();
    return first_time_ + base::Duration(std::llround(static_cast<double>(report_.records) * us_between_));
}

void Simulator::remember(std::string_view key, std::string_view value) {
    if (options_.duplicates == 0) return;
    if (recent_.size() < remembered) {
        recent_.push_back({std::string(key), std::string(value)});
        return;
    }
    Sent& oldest = recent_[static_cast<std::size_t>(report_.records) % remembered];
    oldest.key.assign(key);
    oldest.value.assign(value);
}

void Simulator::send_next() {
    const model::Timestamp time = next_time();
    const base::WallTime log_time = options_.start_time ? model::to_wall_time(time) : log_time_;
    const double roll = random_.share();
    if (roll < options_.duplicates && !recent_.empty()) {
        send_copy(log_time);
        ++report_.records;
        return;
    }
    const std::int64_t number = numbered_before_ + report_.records + 1;
    const ShopEvent event = shop_.act(time, number);
    const std::string_view value = writer_.write(number, event, time);
    if (roll >= options_.duplicates && roll < options_.duplicates + options_.invalid) {
        send_corrupted(event, value, log_time);
    } else {
        appender_.add(writer_.user_id(), value, log_time);
        remember(writer_.user_id(), value);
        ++report_.actions.at(static_cast<std::size_t>(event.action));
    }
    ++report_.records;
}

void Simulator::send_copy(base::WallTime log_time) {
    const Sent& again = recent_[random_.below(static_cast<std::uint32_t>(recent_.size()))];
    appender_.add(again.key, again.value, log_time);
    ++report_.duplicates;
}

/// A page view has no price that could be invalid, so another field gets a fault.
void Simulator::send_corrupted(const ShopEvent& event, std::string_view value, base::WallTime log_time) {
    auto fault = static_cast<Fault>(random_.below(fault_count));
    if (event.product == 0 && needs_price(fault)) fault = Fault::missing_user;
    appender_.add(writer_.user_id(), corrupt(value, fault), log_time);
    ++report_.faults.at(static_cast<std::size_t>(fault));
}

SimulatorReport Simulator::run(const base::StopSignal& stop,
                               const std::function<void(const SimulatorReport&)>& on_progress) {
    const model::Timestamp now = base::now();
    log_time_ = model::to_wall_time(now);
    plan_times(now);
    if (options_.rate == 0) {
        run_at_full_speed(stop, on_progress);
    } else {
        run_paced(stop, on_progress);
    }
    appender_.flush();
    on_progress(report_);
    return report_;
}

void Simulator::run_at_full_speed(const base::StopSignal& stop,
                                  const std::function<void(const SimulatorReport&)>& on_progress) {
    const base::Stopwatch watch;
    const double limit = static_cast<double>(options_.duration.count()) / 1e6;
    while (!options_.count || report_.records < *options_.count) {
        if (report_.records % records_between_checks == 0) {
            log_time_ = base::wall_time();
            if (stop.requested() || (!options_.count && watch.seconds() >= limit)) return;
            if (report_.records % (records_between_checks * 32) == 0) {
                SimulatorReport sent = report_;
                sent.records = appender_.acknowledged();  // pending records are not sent yet
                on_progress(sent);
            }
        }
        send_next();
    }
}

void Simulator::run_paced(const base::StopSignal& stop,
                          const std::function<void(const SimulatorReport&)>& on_progress) {
    const base::Stopwatch watch;
    const double limit = static_cast<double>(options_.duration.count()) / 1e6;
    Pace pace(options_);
    for (;;) {
        const double elapsed = watch.seconds();
        const model::Timestamp now = base::now();
        const double due = pace.due(options_.count ? elapsed : std::min(elapsed, limit), now);
        const auto due_records = std::min(static_cast<std::int64_t>(due),
                                          options_.count.value_or(std::numeric_limits<std::int64_t>::max()));
        log_time_ = model::to_wall_time(now);
        while (report_.records < due_records) send_next();
        appender_.flush();
        on_progress(report_);
        const bool done = options_.count ? report_.records >= *options_.count : elapsed >= limit;
        if (done) return;
        const double until_next = (static_cast<double>(report_.records + 1) - due) / pace.rate(now);
        const auto pause = microseconds(until_next - (watch.seconds() - elapsed));
        auto wait = std::max<std::chrono::microseconds>(pause, tick);
        if (!options_.count)
            wait = std::min(wait, microseconds(limit - watch.seconds()) + std::chrono::milliseconds(1));
        if (stop.wait_for(wait)) return;
    }
}

}  // namespace millrace::produce
