#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
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
    double rate = 5;  ///< events per second; 0 means as fast as the log takes them
    base::Duration duration = std::chrono::seconds(60);  ///< length of the run, unless count is set
    std::optional<std::int64_t> count;                   ///< number of records to send, whatever the duration
    int users = 500;
    int products = 100;
    std::optional<std::uint64_t> seed;   ///< random if not set
    double duplicates = 0;               ///< share of records that repeat an earlier one
    double invalid = 0;                  ///< share of records that break a rule
    std::optional<base::Duration> span;  ///< distributes the events' times over this duration
    base::Duration ended{0};             ///< how long before now the span ends
    /// Start of both event time and log time, instead of the wall clock.
    std::optional<model::Timestamp> start_time;
    /// Whether the rate follows the time of day and differs from day to day. `rate` is then the average. A
    /// span of `days_from` or longer always has such days.
    bool has_days = false;
    static constexpr base::Duration days_from = std::chrono::hours(48);

    /// Throws a usage Error if the options contradict each other or are out of range.
    void validate() const;
};

/// The records that a run has sent.
struct SimulatorReport {
    std::int64_t records = 0;
    std::array<std::int64_t, action_count> actions{};  ///< number of valid events by action
    std::int64_t duplicates = 0;
    std::array<std::int64_t, fault_count> faults{};

    [[nodiscard]] std::int64_t of(Action action) const {
        return actions.at(static_cast<std::size_t>(action));
    }
    [[nodiscard]] std::int64_t invalid() const;
};

/// Sends the events of a simulated shop to a log. With a seed, two runs send the same records byte for byte,
/// except for timestamps from the wall clock. Not thread-safe.
class Simulator {
  public:
    /// `numbered_before` is the number of earlier events. The event_ids continue from there. `log` must
    /// outlive the simulator.
    Simulator(bronze::EventLog& log, const SimulatorOptions& options, std::int64_t numbered_before);

    /// Sends records until the count, the duration or `stop` ends the run. All sent records are then durable.
    /// `on_progress` is called now and then with the numbers so far.
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
    void send_copy(base::WallTime log_time);
    void send_corrupted(const ShopEvent& event, std::string_view value, base::WallTime log_time);
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
    std::vector<Sent> recent_;             // records that a duplicate may repeat
    std::optional<TrafficSpread> spread_;  // set if the span has days
    model::Timestamp first_time_;
    double us_between_ = 0;  // time between two events; 0 if events happen when they are sent
    base::WallTime log_time_;
};

}  // namespace millrace::produce
