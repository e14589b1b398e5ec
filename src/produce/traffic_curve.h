#pragma once

#include <cstdint>

#include "model/timestamp.h"

namespace millrace::produce {

/// The made-up shop's traffic at a moment, as a multiple of the average: quiet nights, busy evenings, a
/// strong Sunday and a weak Friday (UTC), and the small differences from day to day and from minute to minute
/// that a real shop has. The same moment has the same traffic in every run. It is constant within a minute.
double traffic_at(model::Timestamp time);

/// The traffic from `from` up to `to`, in µs of average traffic; 0 where `to` isn't later.
double traffic_in(model::Timestamp from, model::Timestamp to);

/// Spreads a number of events over a time as the traffic has it.
class TrafficSpread {
  public:
    /// From `from` up to, not including, `to`, which is later.
    TrafficSpread(model::Timestamp from, model::Timestamp to, std::int64_t count);

    /// The time of the next event: none is before the one that was asked for last.
    model::Timestamp next();

  private:
    void enter(model::Timestamp start);

    const model::Timestamp to_;
    double traffic_between_ = 0;  // two events, in µs of average traffic
    std::int64_t events_ = 0;     // that were asked for
    double traffic_before_ = 0;   // the minute that the next event is looked for in
    model::Timestamp minute_start_ = 0;
    model::Timestamp minute_end_ = 0;
    double minute_traffic_ = 0;
};

}  // namespace millrace::produce
