#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "gold/events.h"
#include "gold/state/window.h"
#include "storage/version.h"

namespace millrace::gold {

/// What Gold keeps of orders, and what it has found.
struct OrderCounts {
    std::size_t lines = 0;     ///< events of orders that are kept to judge later ones
    std::size_t orders = 0;    ///< orders that are kept to find the days of later events
    std::int64_t repeats = 0;  ///< lines that came again, since the process began
};

struct VisitorCounts {
    std::size_t links = 0;  ///< links of an id, a user and an hour that are kept to name visitors
    std::size_t ids = 0;    ///< ids that are kept to tell new visitors from returning ones
};

/// What Gold has done since the report before.
struct GoldReport {
    /// The last version of Silver that Gold has taken in.
    storage::Version silver_version = storage::no_version;
    std::int64_t events = 0;       ///< events taken in
    std::int64_t rows = 0;         ///< rows published
    std::int64_t provisional = 0;  ///< the part of `rows` from windows that are open at the end
    std::int64_t late = 0;         ///< additions to windows that were closed, since Gold was built
    Timestamp watermark = no_watermark;
    OrderCounts orders;
    VisitorCounts visitors;
    double seconds = 0;  ///< time since the report before
    /// The longest time from a record's append to the log until its event was in Gold's state, in ms; 0 when
    /// no event came.
    double latency_ms = 0;
    double pause_ms = 0;  ///< the longest time that saving the state has stopped the work

    [[nodiscard]] base::json::object to_json() const;
    /// One line for people.
    [[nodiscard]] std::string line() const;
};

/// Collects the figures of the next report. Not thread-safe.
class GoldReporter {
  public:
    /// Starts at a version of Silver that Gold has loaded or been built from. Events up to there have no
    /// latency, since they waited for Gold to start and not in it.
    void start_at(storage::Version silver_version);
    /// Counts events that are in Gold's state now.
    void add(const Events& events);
    void add_rows(std::int64_t rows) { report_.rows += rows; }
    /// Counts rows of open windows, which are also rows.
    void add_provisional(std::int64_t rows);
    void note_pause(std::chrono::microseconds pause);
    /// The report since the last one; nothing when nothing has happened.
    [[nodiscard]] std::optional<GoldReport> take(std::int64_t late, storage::Version silver_version,
                                                 Timestamp watermark);

  private:
    GoldReport report_;
    storage::Version reported_version_ = storage::no_version;
    base::Stopwatch work_;
};

}  // namespace millrace::gold
