#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "api/live_view.h"
#include "base/mutex.h"
#include "serve/duckdb.h"

namespace millrace::api {

/// The reports of the dashboard: the queries in schemas/reports/ by name, with their parameters. If several
/// clients request the same report, it is computed once and reused for 4 s. Thread-safe.
class Reports {
  public:
    using Parameters = std::map<std::string, std::string, std::less<>>;

    /// `limits` apply to each query, whether of a report or of a user. `live` must outlive this object.
    Reports(LiveView& live, serve::DuckDb duckdb, std::string time_zone, const serve::SqlLimits& limits);

    /// Ends all running queries, and every query that starts later.
    void stop() { stop_.request(); }
    /// Returns the report as JSON. Throws a usage Error for an unknown report or an invalid parameter.
    std::string make(std::string_view name, const Parameters& parameters);

    /// Runs a query of a user and returns the result in the given format. Throws the errors of serve::DuckDb.
    [[nodiscard]] serve::SqlRows rows(std::string_view query, std::int64_t limit);
    [[nodiscard]] std::string csv(std::string_view query);
    [[nodiscard]] std::string parquet(std::string_view query);

    /// Returns how many queries of reports and users had this outcome.
    [[nodiscard]] std::int64_t count(serve::SqlOutcome outcome) const { return duckdb_.count(outcome); }

  private:
    struct Made {
        std::chrono::steady_clock::time_point at;
        std::shared_ptr<const std::string> text;  // nullptr while the report is being computed
    };

    std::string run(const std::string& query);
    LiveView& live_;
    const serve::DuckDb duckdb_;
    const std::string time_zone_;
    base::StopSignal stop_;
    const serve::SqlLimits limits_;         // limits of users' queries; stop_ ends the queries
    const serve::SqlLimits report_limits_;  // limits of reports; stop_ ends the queries
    base::Mutex mutex_;
    base::ConditionVariable made_;
    std::map<std::string, Made> known_ MILLRACE_GUARDED_BY(mutex_);  // the reports, by their query
};

}  // namespace millrace::api
