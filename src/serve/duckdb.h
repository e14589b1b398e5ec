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

/// What one query may take.
struct SqlLimits {
    base::Duration time = std::chrono::seconds(30);
    /// Of DuckDB's process, which the operating system enforces; DuckDB itself plans with half of it.
    std::int64_t memory_bytes = std::int64_t{1} << 30;
    /// All its temporary files together, for what has no room in memory; 0: it has none.
    std::int64_t temporary_bytes = std::int64_t{2} << 30;
    std::int64_t result_bytes = std::int64_t{64} << 20;
    std::int64_t rows = 10'000;
    int threads = 2;
    const base::StopSignal* stop = nullptr;  ///< ends the query before its time

    /// Throws a usage Error for bounds that no query could keep.
    void validate() const;
};

/// How a query ended.
enum class SqlOutcome : std::uint8_t {
    done,
    wrong,  ///< DuckDB refused it
    time,   ///< this and what follows: it needed more than it may take
    memory,
    temporary,  ///< memory, and temporary files
    result,
    stopped,  ///< with this process
    failed,   ///< DuckDB crashed, or the system ended it
};
inline constexpr std::size_t sql_outcome_count = 8;
[[nodiscard]] std::string_view sql_outcome_name(SqlOutcome outcome);

/// DuckDB, a process for each query: it can't take this one's memory, and ends when it must (docs/adr/0008).
/// A query is one SELECT that sees the views and nothing else: no file, no network, no setting. Thread-safe;
/// copies share their counts.
class DuckDb {
  public:
    /// Queries run in the folder `root`, which views' files are named from, with their temporary files in
    /// folders of their own below `scratch`.
    DuckDb(const std::filesystem::path& program, const std::filesystem::path& root,
           const std::filesystem::path& scratch);

    /// Finds the program: `given`, else the one in ../lib/millrace beside this program, else the one of the
    /// build, else the one on the PATH. Throws a usage Error when there is none.
    static DuckDb find(const std::filesystem::path& given, const std::filesystem::path& root,
                       const std::filesystem::path& scratch);

    /// Throws a usage Error with DuckDB's own words for a query that can't be run, and one that names the
    /// bound for a query that hits one. Times are told in `time_zone`.
    [[nodiscard]] SqlRows rows(std::string_view query, const std::vector<SqlView>& views,
                               std::string_view time_zone, const SqlLimits& limits) const;
    /// The same as CSV with a header, given to `on_text` piece by piece as it is made; no row limit.
    void csv(std::string_view query, const std::vector<SqlView>& views, std::string_view time_zone,
             const SqlLimits& limits, const std::function<void(std::string_view)>& on_text) const;
    /// The same as a Parquet file, which `path` must not be yet.
    void parquet(std::string_view query, const std::vector<SqlView>& views, std::string_view time_zone,
                 const SqlLimits& limits, const std::filesystem::path& path) const;

    /// How many queries have ended so.
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

    std::filesystem::path program_;  // absolute, as are the others
    std::filesystem::path root_;
    std::filesystem::path scratch_;
    std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace millrace::serve
