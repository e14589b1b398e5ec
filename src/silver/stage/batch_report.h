#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace millrace::silver {

/// What one committed batch did; printed as a line, and kept as JSON.
struct BatchReport {
    std::int64_t batch = 0;
    std::int64_t version = -1;  ///< of the silver table
    std::int64_t committed_ms = 0;
    std::int64_t received = 0;
    std::int64_t silver = 0;
    std::int64_t duplicates = 0;
    std::int64_t quarantined = 0;
    std::map<std::string, std::int64_t> by_rule;  ///< records quarantined by this batch
    std::int64_t unknown_fields = 0;
    std::int64_t files = 0;
    std::int64_t bytes = 0;
    std::int64_t lag = 0;            ///< records in the log that are not processed yet
    std::int64_t ids_in_memory = 0;  ///< of the dedupe horizon
    double fill_seconds = 0;         ///< reading, decoding, checking, deduplicating
    double lookup_seconds = 0;       ///< looking for ids in the table that the memory may have dropped
    double encode_seconds = 0;
    double quarantine_seconds = 0;
    double commit_seconds = 0;
    double rows_per_second = 0;   ///< since the batch was opened
    double input_per_second = 0;  ///< records that came into the log, since the commit before; 0: unknown

    [[nodiscard]] base::json::object to_json() const;
    /// One line for people.
    [[nodiscard]] std::string line() const;
};

/// Keeps the last thousand reports in a file of JSON lines.
class BatchHistory {
  public:
    explicit BatchHistory(std::filesystem::path file);
    void add(const BatchReport& report);
    /// The reports kept, oldest first.
    [[nodiscard]] static std::vector<base::json::object> read(const std::filesystem::path& file);

  private:
    std::filesystem::path path_;
    base::File file_;
    std::int64_t position_ = 0;
    int lines_ = 0;
};

}  // namespace millrace::silver
