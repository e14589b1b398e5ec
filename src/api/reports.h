#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "api/live_view.h"
#include "serve/duckdb.h"

namespace millrace::api {

/// What the dashboard shows of the tables: the queries of schemas/reports/ by name, with their parameters. A
/// report that several ask for is made once, and is good for a moment. Thread-safe.
class Reports {
  public:
    using Parameters = std::map<std::string, std::string, std::less<>>;

    /// `limits` bound each query, a report or a user's own.
    Reports(LiveView& live, serve::DuckDb duckdb, std::string time_zone, const serve::SqlLimits& limits);

    /// Ends the queries under way, and all that come.
    void stop() { stop_.request(); }
    /// The report as JSON. Throws a usage Error for a name or parameter that there isn't.
    std::string make(std::string_view name, const Parameters& parameters);

    /// One query of a user's own, in the form it is wanted in; errors as DuckDb's.
    [[nodiscard]] serve::SqlRows rows(std::string_view query, std::int64_t limit);
    [[nodiscard]] std::string csv(std::string_view query);
    [[nodiscard]] std::string parquet(std::string_view query);

    /// How many queries have ended so, reports' and users'.
    [[nodiscard]] std::int64_t count(serve::SqlOutcome outcome) const { return duckdb_.count(outcome); }

  private:
    struct Made {
        std::chrono::steady_clock::time_point at;
        std::shared_ptr<const std::string> text;  // nothing while it is being made
    };

    std::string run(const std::string& query);
    LiveView& live_;
    const serve::DuckDb duckdb_;
    const std::string time_zone_;
    base::StopSignal stop_;
    const serve::SqlLimits limits_;         // which end with stop_
    const serve::SqlLimits report_limits_;  // likewise
    std::mutex mutex_;
    std::condition_variable made_;
    std::map<std::string, Made> known_;  // guarded by mutex_; by query
};

}  // namespace millrace::api
