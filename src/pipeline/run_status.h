#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/day_summary.h"
#include "base/clock.h"
#include "gold/stage/late_days.h"
#include "publish/publisher.h"
#include "silver/stage/batch_report.h"

namespace millrace::pipeline {

/// The status of a running pipeline.
struct RunStatus {
    double seconds = 0;       ///< duration of the run; at its end, until everything was committed
    std::int64_t sent = 0;    ///< records that the simulator has appended
    std::int64_t in_log = 0;  ///< records that all partitions of the log hold, of earlier runs too
    std::int64_t lag = 0;     ///< records in the log that are not committed to silver
    std::optional<base::WallTime> waiting_since;  ///< time from which there has been a lag; nothing: no lag
    /// The time up to which the open windows have all events of this worker's partitions; nothing before
    /// that.
    std::optional<base::WallTime> figures_as_of;
    std::int64_t received = 0;                    ///< records that this run has committed
    std::int64_t silver = 0;                      ///< silver rows of the received records
    std::int64_t duplicates = 0;                  ///< duplicates among the received records
    std::int64_t quarantined = 0;                 ///< quarantined records among the received ones
    std::map<std::string, std::int64_t> by_rule;  ///< records quarantined, by rule
    std::int64_t skipped = 0;                     ///< offsets without a record, since the table began
    double events_per_second = 0;                 ///< that come into the log
    std::vector<silver::BatchReport> last_batches;
    /// For each of Gold's last commits, the longest time from a record's append until its event was in Gold's
    /// live values.
    std::vector<double> gold_latency_ms;
    std::int64_t gold_rows = 0;     ///< rows that this run has published
    std::int64_t gold_late = 0;     ///< additions that came after their window was closed
    gold::LateDays gold_late_days;  ///< days that Gold is correcting
    std::int64_t gold_lag = 0;      ///< silver's commits that Gold has not processed
    gold::OrderCounts gold_orders;
    gold::VisitorCounts gold_visitors;
    base::WallTime gold_watermark;  ///< the epoch if there is none
    publish::DeliveryLag delivery;
    std::optional<api::DaySummary> gold;  ///< at the end, where this process ran Gold
};

}  // namespace millrace::pipeline
