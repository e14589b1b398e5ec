#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/stop.h"
#include "base/units.h"
#include "serve/child_process.h"
#include "serve/sql_rows.h"
#include "serve/sql_view.h"

namespace millrace::serve {

/// The limits of one query.
struct SqlLimits {
    base::Duration time = std::chrono::seconds(30);
    /// Memory of DuckDB's process. The operating system enforces it. DuckDB's own memory limit is half of it.
    std::int64_t memory_bytes = std::int64_t{1} << 30;
    /// Size of all temporary files together, for data that does not fit into memory. 0 means no temporary
    /// files.
    std::int64_t temporary_bytes = std::int64_t{2} << 30;
    std::int64_t result_bytes = std::int64_t{64} << 20;
    std::int64_t rows = 10'000;
    int threads = 2;
    const base::StopSignal* stop = nullptr;  ///< ends the query early

    /// Throws a usage Error if no query could keep within the limits.
    void validate() const;
};

/// How a query ended.
enum class SqlOutcome : std::uint8_t {
    done,
    wrong,  ///< DuckDB refused the query
    time,   ///< the query exceeded a limit, as in the three cases below
    memory,
    temporary,  ///< exceeded memory and temporary files
    result,
    stopped,  ///< this process is stopping
    failed,   ///< DuckDB crashed, or the system killed it
};
inline constexpr std::size_t sql_outcome_count = 8;
[[nodiscard]] std::string_view sql_outcome_name(SqlOutcome outcome);

/// Runs queries with DuckDB, in a process for each query. So a query cannot use this process's memory and can
/// be ended at any time (docs/adr/0008). A query is a single SELECT that sees the views and nothing else: no
/// file, no network, no setting. Thread-safe. Copies share their counts.
class DuckDb {
  public:
    /// Queries run in the folder `root`; the paths of the views' files are relative to it. Each query has its
    /// own folder for temporary files in `scratch`.
    DuckDb(const std::filesystem::path& program, const std::filesystem::path& root,
           const std::filesystem::path& scratch);

    /// Finds the program: `given`, or else ../lib/millrace/duckdb beside this program, or else the path that
    /// was set at build time, or else on the PATH. Throws a usage Error if it is not found.
    static DuckDb find(const std::filesystem::path& given, const std::filesystem::path& root,
                       const std::filesystem::path& scratch);

    /// Runs a query. Throws a usage Error with DuckDB's message if the query is not valid, or one that names
    /// the limit if the query exceeds it. Times are shown in `time_zone`.
    [[nodiscard]] SqlRows rows(std::string_view query, const std::vector<SqlView>& views,
                               std::string_view time_zone, const SqlLimits& limits) const;
    /// Runs a query like rows(), but without a row limit, and passes the result as CSV with a header to
    /// `on_text`, piece by piece.
    void csv(std::string_view query, const std::vector<SqlView>& views, std::string_view time_zone,
             const SqlLimits& limits, const std::function<void(std::string_view)>& on_text) const;
    /// Runs a query like rows(), but without a row limit, and writes the result as a Parquet file to `path`,
    /// which must not exist yet.
    void parquet(std::string_view query, const std::vector<SqlView>& views, std::string_view time_zone,
                 const SqlLimits& limits, const std::filesystem::path& path) const;

    /// Returns how many queries had this outcome.
    [[nodiscard]] std::int64_t count(SqlOutcome outcome) const;

  private:
    struct Query {
        std::string_view text;
        const std::vector<SqlView>& views;
        std::string_view time_zone;
        const SqlLimits& limits;
    };
    using Counts = std::array<std::atomic<std::int64_t>, sql_outcome_count>;

    static std::string prologue(const Query& query, const std::filesystem::path& temporary,
                                const std::filesystem::path& written);
    void run(const Query& query, const std::string& statements, const std::filesystem::path& written,
             const std::function<void(std::string_view)>& on_output) const;

    std::filesystem::path program_;  // absolute
    std::filesystem::path root_;     // absolute
    std::filesystem::path scratch_;  // absolute
    std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace millrace::serve
