#include "produce/simulator.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "base/clock.h"
#include "base/error.h"

namespace millrace::produce {

namespace {

constexpr std::size_t remembered = 256;
constexpr std::int64_t records_between_looks = 4096;  // at the clock and the stop signal, at full speed
constexpr auto tick = std::chrono::milliseconds(10);

std::uint64_t seed_of(const SimulatorOptions& options) {
    return options.seed ? *options.seed : std::random_device{}();
}

/// `prefix` and eight digits or more, without formatting's cost.
std::string_view numbered(std::array<char, 32>& into, std::string_view prefix, std::int64_t number) {
    std::copy(prefix.begin(), prefix.end(), into.begin());
    const auto end = fmt::format_to_n(into.data() + prefix.size(), 20, FMT_COMPILE("{:08}"), number).out;
    return {into.data(), static_cast<std::size_t>(end - into.data())};
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
      shop_(options.users, options.products, seed_of(options)) {
    options_.validate();
}

model::Timestamp Simulator::time_of(std::int64_t index) const {
    if (us_between_ == 0) return base::now_us();
    return first_time_ + std::llround(static_cast<double>(index) * us_between_);
}

std::string_view Simulator::write_event(model::Timestamp time, const ShopAction& action) {
    static constexpr std::array<std::string_view, 3> types = {"view", "add_to_cart", "purchase"};
    std::array<char, 32> digits{};
    const std::int64_t number = numbered_before_ + report_.records + 1;
    text_.begin();
    text_.plain("event_id", numbered(digits, "evt_", number));
    text_.plain("user_id", *action.user_id);
    text_.plain("event_type", types[static_cast<std::size_t>(action.action)]);
    text_.timestamp(time);
    text_.plain("product_id", action.product->id);
    text_.raw("price", action.product->price);
    text_.plain("session_id", *action.session_id);
    text_.plain("product_category", action.product->category);
    text_.plain("device_type", action.device);
    text_.plain("page_url", action.product->page_url);
    if (action.action == Action::purchase) {
        text_.raw("quantity", action.quantity == 1 ? "1" : "2");
        text_.plain("order_id", numbered(digits, "order_", number));
    }
    return text_.end();
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
    const model::Timestamp time = time_of(report_.records);
    const std::int64_t log_time = options_.start_time ? time / 1000 : log_time_ms_;
    const double roll = static_cast<double>(random_.bits() >> 11U) * 0x1.0p-53;
    if (roll < options_.duplicates && !recent_.empty()) {
        const Sent& again = recent_[random_.below(static_cast<std::uint32_t>(recent_.size()))];
        appender_.add(again.key, again.value, log_time);
        ++report_.duplicates;
        ++report_.records;
        return;
    }
    const ShopAction action = shop_.act(time, numbered_before_ + report_.records + 1);
    const std::string_view value = write_event(time, action);
    if (roll >= options_.duplicates && roll < options_.duplicates + options_.invalid) {
        const auto fault = static_cast<Fault>(random_.below(fault_count));
        appender_.add(*action.user_id, spoil(value, fault), log_time);
        ++report_.faults[static_cast<std::size_t>(fault)];
        ++report_.records;
        return;
    }
    appender_.add(*action.user_id, value, log_time);
    remember(*action.user_id, value);
    ++(action.action == Action::view       ? report_.views
       : action.action == Action::purchase ? report_.purchases
                                           : report_.carts);
    ++report_.records;
}

SimulatorReport Simulator::run(const base::StopSignal& stop,
                               const std::function<void(const SimulatorReport&)>& on_progress) {
    const model::Timestamp now = base::now_us();
    log_time_ms_ = now / 1000;
    if (options_.span) {
        us_between_ = static_cast<double>(options_.span->count()) /
                      static_cast<double>(std::max<std::int64_t>(1, *options_.count));
        first_time_ = options_.start_time.value_or(now - options_.span->count());
    } else if (options_.start_time) {
        us_between_ = options_.rate > 0 ? 1e6 / options_.rate : 1000;
        first_time_ = *options_.start_time;
    }
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
        if (report_.records % records_between_looks == 0) {
            log_time_ms_ = base::now_ms();
            if (stop.requested() || (!options_.count && watch.seconds() >= limit)) return;
            if (report_.records % (records_between_looks * 32) == 0) {
                SimulatorReport sent = report_;
                sent.records = appender_.acknowledged();  // what is under way isn't sent yet
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
    for (;;) {
        const double elapsed = watch.seconds();
        auto due =
            static_cast<std::int64_t>((options_.count ? elapsed : std::min(elapsed, limit)) * options_.rate);
        if (options_.count) due = std::min(due, *options_.count);
        log_time_ms_ = base::now_ms();
        while (report_.records < due) send_next();
        appender_.flush();
        on_progress(report_);
        const bool done = options_.count ? report_.records >= *options_.count : elapsed >= limit;
        if (done) return;
        const double next_due = static_cast<double>(report_.records + 1) / options_.rate;
        const auto pause =
            std::chrono::microseconds(std::llround(std::max(0.0, next_due - watch.seconds()) * 1e6));
        const auto until_end =
            std::chrono::microseconds(std::llround(std::max(0.0, limit - watch.seconds()) * 1e6));
        auto wait = std::max<std::chrono::microseconds>(pause, tick);
        if (!options_.count) wait = std::min(wait, until_end + std::chrono::milliseconds(1));
        if (stop.wait_for(wait)) return;
    }
}

}  // namespace millrace::produce
