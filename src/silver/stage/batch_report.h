#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "storage/version.h"

namespace millrace::silver {

/// The counts and times of one committed batch. It is printed as one line and kept as JSON.
struct BatchReport {
    std::int64_t batch = 0;
    storage::Version version = storage::no_version;  ///< the version of the silver table
    base::WallTime committed_at;
    std::int64_t received = 0;  ///< records
    std::int64_t items = 0;     ///< items of these records
    std::int64_t silver = 0;
    std::int64_t duplicates = 0;
    std::int64_t quarantined = 0;
    std::int64_t ignored = 0;                     ///< items that are no events
    std::map<std::string, std::int64_t> by_rule;  ///< quarantined items of this batch, by rule
    std::map<std::string, std::int64_t> ignored_by_reason;
    std::int64_t unknown_fields = 0;
    std::int64_t files = 0;
    std::int64_t bytes = 0;
    std::int64_t lag = 0;            ///< records in the log that are not committed yet
    std::int64_t ids_in_memory = 0;  ///< event ids that deduplication holds in memory
    double fill_seconds = 0;         ///< time for reading, decoding, checking and deduplicating
    double lookup_seconds = 0;  ///< time for looking up ids in the table that the id set may have dropped
    double encode_seconds = 0;
    double quarantine_seconds = 0;
    double commit_seconds = 0;
    /// Received records divided by the longer of the time to fill and the time to commit.
    double rows_per_second = 0;
    double input_per_second = 0;  ///< records appended to the log since the previous commit; 0: unknown

    [[nodiscard]] base::json::object to_json() const;
    /// Returns the report as one line of text.
    [[nodiscard]] std::string line() const;
};

/// Keeps at least the last thousand reports in a file of JSON lines. Not thread-safe.
class BatchHistory {
  public:
    /// Opens or creates the file. Throws Error if that fails.
    explicit BatchHistory(std::filesystem::path file);
    void add(const BatchReport& report);
    /// Returns up to a thousand of the newest reports, the oldest first.
    [[nodiscard]] static std::vector<base::json::object> read(const std::filesystem::path& file);

  private:
    std::filesystem::path path_;
    base::File file_;
    std::int64_t position_ = 0;
    int lines_ = 0;
};

}  // namespace millrace::silver
