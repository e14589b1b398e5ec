#include "demo/demo_shop.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <future>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "produce/traffic_curve.h"

namespace millrace::demo {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

constexpr int demo_format = 1;
constexpr const char* mark_name = "demo.json";
constexpr const char* lock_name = "demo.lock";
constexpr std::int64_t events_per_user = 25;
constexpr std::int64_t looked_at = 1000;  // records of each partition that may hold the newest event
constexpr double flawed = 0.003;          // the share of duplicates, and of invalid records
// A month at the live rate would be too many events to load in seconds. Only the last hour has the live rate,
// so that the traffic on the dashboard's first page continues without a step. The rate is the same at any
// time of the day, so that there is always something to see.
constexpr base::Duration recent_span = std::chrono::hours(1);
constexpr auto without_end = std::chrono::years(100);

std::string opening_demo(const catalog::DataDirectory& data) {
    return fmt::format("starting the demo in {}", data.root().string());
}

/// Whether the folder holds more than the lock of a demo that was killed before it wrote its mark.
bool holds_other_files(const fs::path& folder) {
    if (!fs::is_directory(folder)) return fs::exists(folder);
    return std::ranges::any_of(fs::directory_iterator(folder),
                               [](const auto& entry) { return entry.path().filename() != lock_name; });
}

std::int64_t events_at(double rate, base::Duration span) {
    return std::llround(rate * static_cast<double>(span.count()) / 1e6);
}

/// The events between two moments at an average rate, weighted by the traffic of their days and hours.
std::int64_t events_between(double rate, model::Timestamp from, model::Timestamp to) {
    return std::llround(rate * produce::traffic_in(from, to) / 1e6);
}

std::optional<model::Timestamp> time_of(std::string_view record) {
    boost::system::error_code error;
    const json::value value = json::parse({record.data(), record.size()}, error);
    if (error || !value.is_object()) return std::nullopt;
    return model::parse_timestamp(base::string_member(value.get_object(), "timestamp"));
}

/// The simulators of the demo, one after the other in a thread of their own.
class Visitors {
  public:
    Visitors(const DemoShop& shop, bronze::EventLog& log, std::vector<produce::SimulatorOptions> history)
        : done_(std::async(std::launch::async, [this, &shop, &log, history = std::move(history)] {
              for (const auto& part : history) {
                  if (!stop_.requested()) simulate(log, part);
              }
              history_sent_ = true;
              if (!stop_.requested()) simulate(log, shop.live());
          })) {}
    Visitors(const Visitors&) = delete;
    Visitors& operator=(const Visitors&) = delete;
    ~Visitors() { stop_.request(); }  // the future's destructor waits for the thread

    void stop() { stop_.request(); }
    [[nodiscard]] bool history_sent() const { return history_sent_; }
    [[nodiscard]] std::int64_t sent() const { return sent_; }
    [[nodiscard]] bool done() const {
        return done_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }
    /// Waits for the thread's end. Rethrows its exception.
    void finish() { done_.get(); }

  private:
    void simulate(bronze::EventLog& log, const produce::SimulatorOptions& options) {
        const std::int64_t before = sent_;
        produce::Simulator simulator(log, options, log.records_numbered());
        simulator.run(stop_,
                      [&](const produce::SimulatorReport& report) { sent_ = before + report.records; });
    }

    base::StopSignal stop_;
    std::atomic<bool> history_sent_ = false;
    std::atomic<std::int64_t> sent_ = 0;
    std::future<void> done_;  // declared last, since its thread uses the other members
};

}  // namespace

void DemoOptions::validate() const {
    const char* reading = "reading the demo's options";
    if (days < 1 || days > 3650) throw usage_error(reading, "there must be 1 to 3,650 days of history");
    if (events < 1 || events > 1'000'000'000)
        throw usage_error(reading, "the history must have 1 to 1,000,000,000 events");
    if (!(rate > 0)) throw usage_error(reading, "the rate must be above 0");
}

DemoShop::DemoShop(const catalog::DataDirectory& data, const DemoOptions& options)
    : options_(options), days_(options.days) {
    options.validate();
    const fs::path mark = data.root() / mark_name;
    if (!fs::exists(mark) && holds_other_files(data.root()))
        throw usage_error(opening_demo(data), "the folder holds files that the demo did not make",
                          "Name a new folder with --data, or leave it out.");
    base::make_directory(data.root());
    lock_ = base::File(data.root() / lock_name, base::File::Mode::read_write);
    if (!lock_.try_lock()) throw usage_error(opening_demo(data), "the demo runs there already");
    take_over(mark);
}

/// Reads the shop's traffic from the mark, or writes the mark of a new shop. The events before the last hour
/// are spread over days with different traffic, so the average rate is that of these days.
void DemoShop::take_over(const fs::path& mark) {
    if (const auto content = base::read_file_if_exists(mark)) {
        const json::value document = base::parse_json(*content, mark.string());
        if (!document.is_object() || base::integer_member(document.get_object(), "format") > demo_format)
            throw Error(fmt::format("reading {}", mark.string()), "its format is unknown",
                        "Use the newer Millrace that wrote it, or remove the folder.");
        rate_ = base::number_member(document.get_object(), "events_per_second");
        users_ = static_cast<int>(base::integer_member(document.get_object(), "users"));
        days_ = base::integer_member(document.get_object(), "days", options_.days);
        if (rate_ > 0 && users_ > 0) return;
        throw Error(fmt::format("reading {}", mark.string()), "it lacks events_per_second or users",
                    "Remove the folder.");
    }
    const model::Timestamp now = base::now();
    const model::Timestamp recent = now - recent_span;
    // In a small shop, the last hour takes at most a quarter of the events.
    const std::int64_t of_hour = std::min(events_at(options_.rate, recent_span), options_.events / 4);
    const double traffic_us = produce::traffic_in(now - std::chrono::days(options_.days), recent);
    rate_ = static_cast<double>(options_.events - of_hour) / traffic_us * 1e6;
    users_ = static_cast<int>(
        std::clamp<std::int64_t>(options_.events / events_per_user, 100, std::int64_t{10'000'000}));
    base::replace_file(
        mark,
        json::serialize(json::object{
            {"format", demo_format}, {"events_per_second", rate_}, {"users", users_}, {"days", days_}}) +
            "\n");
}

produce::SimulatorOptions DemoShop::simulator() const {
    return {
        .users = users_, .seed = options_.seed, .duplicates = flawed, .invalid = flawed, .has_days = true};
}

/// A simulator of a part of the history before `now`.
produce::SimulatorOptions DemoShop::part(const Part& wanted, model::Timestamp now) const {
    produce::SimulatorOptions part = simulator();
    part.rate = 0;
    part.span = wanted.to - wanted.from;
    part.ended = now - wanted.to;
    part.count = wanted.count;
    return part;
}

std::vector<produce::SimulatorOptions> DemoShop::missing_history(const bronze::EventLog& log,
                                                                 model::Timestamp now) const {
    const model::Timestamp first = now - std::chrono::days(options_.days);
    const auto newest = newest_event(log, now);
    const model::Timestamp from = std::max(newest.value_or(first), first);
    const model::Timestamp recent = std::max(from, now - recent_span);
    // The rate of the last hour is bounded, as a demo that was stopped in it lacks only a part of the hour.
    const auto bound =
        static_cast<double>(events_between(rate_, now - std::chrono::days(days_), now - recent_span)) / 3;
    const double rate = std::min(options_.rate, bound / std::chrono::duration<double>(recent_span).count());
    const std::int64_t of_hour = events_at(rate, now - recent);
    const std::int64_t before = events_between(rate_, from, recent);
    std::vector<produce::SimulatorOptions> parts;
    if (recent > from && before > 0)
        parts.push_back(part({.from = from, .to = recent, .count = before}, now));
    if (of_hour > 0) {
        parts.push_back(part({.from = recent, .to = now, .count = of_hour}, now));
        parts.back().has_days = false;
    }
    return parts;
}

produce::SimulatorOptions DemoShop::live() const {
    produce::SimulatorOptions live = simulator();
    live.rate = options_.rate;
    live.has_days = false;
    live.duration = without_end;
    return live;
}

std::optional<model::Timestamp> newest_event(const bronze::EventLog& log, model::Timestamp now) {
    std::optional<model::Timestamp> newest;
    for (int partition = 0; partition < log.partitions(); ++partition) {
        const auto held = log.offsets(partition);
        const auto reader = log.read(partition, std::max(held.start, held.end - looked_at));
        for (auto records = reader->poll(1 << 20); !records.empty(); records = reader->poll(1 << 20)) {
            for (const bronze::Record& record : records) {
                const auto time = time_of(record.value);
                if (time && *time <= now) newest = std::max(newest.value_or(*time), *time);
            }
        }
    }
    return newest;
}

DemoStatus run_demo(const catalog::DataDirectory& data, bronze::EventLog& log,
                    const model::ShopSettings& settings, const DemoShop& shop,
                    const pipeline::RunOptions& options, const base::StopSignal& stop,
                    const std::function<void(const DemoStatus&)>& on_status) {
    const auto history = shop.missing_history(log, base::now());
    DemoStatus status;
    for (const auto& part : history) status.history += *part.count;
    const base::Stopwatch watch;
    base::StopSignal stop_pipeline;
    Visitors visitors(shop, log, history);
    const auto take = [&](const pipeline::RunStatus& now) {
        status.run = now;
        status.sent = visitors.sent();
        if (!status.live) {
            status.loading_seconds = watch.seconds();
            // Live events are appended by now, so some may always wait.
            const std::int64_t taken = now.silver + now.duplicates + now.quarantined;
            status.live = visitors.history_sent() && taken >= status.history && now.gold_lag == 0;
        }
        on_status(status);
        // The visitors leave first, so that the pipeline's last batch has what they sent.
        if (stop.requested()) visitors.stop();
        if (visitors.done()) stop_pipeline.request();
    };
    status.run = pipeline::PipelineRun(data, log, settings, options).run(stop_pipeline, take);
    visitors.stop();
    visitors.finish();
    status.sent = visitors.sent();
    return status;
}

}  // namespace millrace::demo
