#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/stop.h"

namespace millrace::serve {

/// A table that SQL sees: Parquet files with their partition values in their folders' names.
struct SqlView {
    struct Column {
        std::string name;
        std::string type;  ///< DuckDB's
    };

    std::string name;  ///< `table`, or `schema.table`
    std::vector<Column> columns;
    std::vector<std::string> partition_columns;
    std::vector<std::string> files;  ///< absolute
};

struct SqlLimits {
    std::chrono::milliseconds time{30'000};
    std::int64_t memory_bytes = std::int64_t{1} << 30;
    std::int64_t result_bytes = std::int64_t{64} << 20;
    std::int64_t rows = 10'000;
    int threads = 2;
    const base::StopSignal* stop = nullptr;  ///< ends the query before its time
};

/// Rows of a query.
struct SqlRows {
    base::json::array columns;  ///< {name, type}
    base::json::array rows;     ///< objects by column; exact decimals and times as strings
    bool truncated = false;     ///< there are more rows than the limit

    [[nodiscard]] base::json::object to_json() const;
};

/// DuckDB, a process for each query: it can't take this one's memory, and ends when it must (docs/adr/0008).
/// A query is one SELECT that sees the views and nothing else: no file, no network, no setting. Thread-safe.
class DuckDb {
  public:
    explicit DuckDb(std::filesystem::path program) : program_(std::move(program)) {}

    /// Finds the program: `given`, else the one it was built with, else on the PATH. Throws a usage Error
    /// when there is none.
    static DuckDb find(const std::filesystem::path& given = {});

    /// Throws a usage Error with DuckDB's own words for a query that can't be run or is over its limits.
    /// Times are told in `time_zone`.
    [[nodiscard]] SqlRows rows(std::string_view query, const std::vector<SqlView>& views,
                               std::string_view time_zone, const SqlLimits& limits) const;
    /// The same as CSV with a header; no row limit.
    [[nodiscard]] std::string csv(std::string_view query, const std::vector<SqlView>& views,
                                  std::string_view time_zone, const SqlLimits& limits) const;
    /// The same as a Parquet file, which `path` must not be yet.
    void parquet(std::string_view query, const std::vector<SqlView>& views, std::string_view time_zone,
                 const SqlLimits& limits, const std::filesystem::path& path) const;

  private:
    std::string run(const std::string& script, const SqlLimits& limits) const;

    std::filesystem::path program_;
};

}  // namespace millrace::serve
