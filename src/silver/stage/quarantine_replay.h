#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bronze/event_log.h"
#include "catalog/data_directory.h"

namespace millrace::silver {

/// A row of the quarantine table.
struct QuarantinedRecord {
    std::string topic;
    int partition = 0;
    bronze::Offset offset{0};
    int record_index = 0;  ///< number of the refused item in its record
    int log_epoch = 0;
    model::Timestamp log_time;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::string headers;
    std::string rule;
    std::string field;
    std::string message;

    /// Returns the position as `topic/epoch/partition/offset`.
    [[nodiscard]] std::string position() const;
};

/// Selects rows of the quarantine table. A criterion that is not set admits all rows.
struct QuarantineFilter {
    std::optional<std::string> rule;
    std::optional<int> partition;
    std::optional<bronze::Offset> offset;
    std::optional<int> record_index;

    [[nodiscard]] bool admits(const QuarantinedRecord& record) const;
};

/// Returns up to `limit` of the newest rows that the filter admits, in descending order of log time. Rows of
/// the same log time are in descending order of their position in the log.
std::vector<QuarantinedRecord> newest_quarantined(const catalog::DataDirectory& data,
                                                  const QuarantineFilter& filter, std::size_t limit);

/// Calls `visit` for each row that the filter admits, in the order of the files' ages, the oldest first,
/// until `visit` returns false.
void scan_quarantine(const catalog::DataDirectory& data, const QuarantineFilter& filter,
                     const std::function<bool(const QuarantinedRecord&)>& visit);

struct QuarantineReplayReport {
    std::int64_t appended = 0;
    std::int64_t already = 0;    ///< records left out because they were replayed before
    std::int64_t unchanged = 0;  ///< records left out because the fix changed nothing
    /// Records left out because they are not JSON objects, so that no field can be set.
    std::int64_t unfixable = 0;
};

/// The result of a fix: the new value, a flag that it is unchanged, or no value if the fix cannot be applied.
struct FixResult {
    std::optional<std::string> value;
    bool unchanged = false;
};
using Fix = std::function<FixResult(const QuarantinedRecord&)>;

/// Returns a fix that sets fields of a JSON object, each by its name or by a JSON pointer (RFC 6901) such as
/// `/properties/products/1/price`. A value that is not valid JSON is set as a string. A pointer that leads
/// nowhere cannot be applied.
Fix fix_by_setting(const std::vector<std::pair<std::string, std::string>>& fields);

/// Appends the fixed records that the filter admits to the log, each once and whole, with a header
/// (bronze::Origin::replayed) that names its original position. A record that was corrected before keeps the
/// header of its first position, from which ids are derived: what was good in it stays a duplicate. Leaves
/// out records whose position is already in such a header in the log, so that a second call adds nothing. The
/// records are durable when the function returns. Throws Error if the log or the table cannot be read or
/// written.
QuarantineReplayReport replay_quarantine(const catalog::DataDirectory& data, bronze::EventLog& log,
                                         const QuarantineFilter& filter, const Fix& fix);

}  // namespace millrace::silver
