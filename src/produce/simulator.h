#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/stop.h"
#include "base/units.h"
#include "bronze/event_log.h"
#include "produce/appender.h"
#include "produce/bad_record.h"
#include "produce/event_writer.h"
#include "produce/shop.h"
#include "produce/traffic_curve.h"

namespace millrace::produce {

struct SimulatorOptions {
    double rate = 5;  ///< events a second; 0 is as fast as the log takes them
    base::Duration duration = std::chrono::seconds(60);  ///< ends the run, unless count does
    std::optional<std::int64_t> count;                   ///< records to send, whatever the duration
    int users = 500;
    int products = 100;
    std::optional<std::uint64_t> seed;           ///< random when absent
    double duplicates = 0;                       ///< share of records that repeat an earlier one
    double invalid = 0;                          ///< share of records that break a rule
    std::optional<base::Duration> span;          ///< spreads the events' times over this long
    base::Duration ended{0};                     ///< how long before now that span ends
    std::optional<model::Timestamp> start_time;  ///< of events and log alike, instead of the wall clock
    /// Whether there are more events by day than by night, and not each day the same: `rate` is the average
    /// then. A span of `days_from` or more always has such days.
    bool has_days = false;
    static constexpr base::Duration days_from = std::chrono::hours(48);

    /// Throws a usage Error when the options make no sense.
    void validate() const;
};

/// What a run has sent.
struct SimulatorReport {
    std::int64_t records = 0;
    std::array<std::int64_t, action_count> actions{};  ///< valid events, by what they tell
    std::int64_t duplicates = 0;
    std::array<std::int64_t, fault_count> faults{};

    [[nodiscard]] std::int64_t of(Action action) const {
        return actions.at(static_cast<std::size_t>(action));
    }
    [[nodiscard]] std::int64_t invalid() const;
};

/// Sends a made-up shop's events to a log. With a seed, two runs send the same records byte for byte,
/// wall-clock stamps apart.
class Simulator {
  public:
    /// `numbered_before` events came before: event_ids go on from there.
    Simulator(bronze::EventLog& log, const SimulatorOptions& options, std::int64_t numbered_before);

    /// Sends until the count, the duration or `stop` ends it; all that was sent is durable then.
    /// `on_progress` is called now and then with what was sent so far.
    SimulatorReport run(const base::StopSignal& stop,
                        const std::function<void(const SimulatorReport&)>& on_progress);

  private:
    struct Sent {
        std::string key;
        std::string value;
    };

    void plan_times(model::Timestamp now);
    [[nodiscard]] model::Timestamp next_time();
    void send_next();
    void send_copy(std::int64_t log_time_ms);
    void send_spoilt(const ShopEvent& event, std::string_view value, std::int64_t log_time_ms);
    void remember(std::string_view key, std::string_view value);
    void run_at_full_speed(const base::StopSignal& stop,
                           const std::function<void(const SimulatorReport&)>& on_progress);
    void run_paced(const base::StopSignal& stop,
                   const std::function<void(const SimulatorReport&)>& on_progress);

    const SimulatorOptions options_;
    const std::int64_t numbered_before_;
    Appender appender_;
    Random random_;
    Shop shop_;
    EventWriter writer_;
    SimulatorReport report_;
    std::vector<Sent> recent_;             // what a duplicate may repeat
    std::optional<TrafficSpread> spread_;  // of a span that has days
    model::Timestamp first_time_ = 0;
    double us_between_ = 0;  // events; 0: they happen when they are sent
    std::int64_t log_time_ms_ = 0;
};

}  // namespace millrace::produce
