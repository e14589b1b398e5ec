#pragma once

#include <cstdint>

#include "model/timestamp.h"

namespace millrace::produce {

/// Returns the simulated shop's traffic at a moment as a multiple of the average. It has quiet nights, busy
/// evenings, a strong Sunday and a weak Friday (UTC), and the small differences between days and between
/// minutes of a real shop. The same moment has the same traffic in every run. The traffic is constant within
/// a minute.
double traffic_at(model::Timestamp time);

/// Returns the traffic from `from` up to `to`, in µs of average traffic, or 0 if `to` is not later than
/// `from`.
double traffic_in(model::Timestamp from, model::Timestamp to);

/// Distributes a number of events over a period in proportion to the traffic. Not thread-safe.
class TrafficSpread {
  public:
    /// The period includes `from` and excludes `to`, which must be later.
    TrafficSpread(model::Timestamp from, model::Timestamp to, std::int64_t count);

    /// Returns the time of the next event. It is never before the time that was returned last.
    model::Timestamp next();

  private:
    void enter(model::Timestamp start);

    const model::Timestamp to_;
    double traffic_between_ = 0;  // traffic between two events, in µs of average traffic
    std::int64_t events_ = 0;     // number of times that were returned
    double traffic_before_ = 0;   // traffic before the current minute
    model::Timestamp minute_start_;
    model::Timestamp minute_end_;
    double minute_traffic_ = 0;
};

}  // namespace millrace::produce
