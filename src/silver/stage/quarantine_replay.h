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
    bronze::Offset offset = 0;
    int log_epoch = 0;
    model::Timestamp log_time = 0;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::string headers;
    std::string rule;
    std::string field;
    std::string message;

    /// `topic/epoch/partition/offset`
    [[nodiscard]] std::string position() const;
};

/// Which rows are wanted.
struct QuarantineFilter {
    std::optional<std::string> rule;
    std::optional<int> partition;
    std::optional<bronze::Offset> offset;

    [[nodiscard]] bool admits(const QuarantinedRecord& record) const;
};

/// The newest wanted rows by log time, newest first; of one time, by their position in the log, last first.
std::vector<QuarantinedRecord> newest_quarantined(const catalog::DataDirectory& data,
                                                  const QuarantineFilter& filter, std::size_t limit);

/// Calls `visit` for each wanted row, oldest file first, until it returns false.
void scan_quarantine(const catalog::DataDirectory& data, const QuarantineFilter& filter,
                     const std::function<bool(const QuarantinedRecord&)>& visit);

/// The header of a record that was fixed and appended again; its value is the first one's position.
inline constexpr const char* replay_header = "millrace-replayed-from";

struct QuarantineReplayReport {
    std::int64_t appended = 0;
    std::int64_t already = 0;    ///< left out: appended again before
    std::int64_t unchanged = 0;  ///< left out: the fix changed nothing
    std::int64_t unfixable = 0;  ///< left out: no JSON object, so that no field could be set
};

/// What a fix makes of a record's value: the new one, nothing new, or no value when it can't be applied.
struct FixResult {
    std::optional<std::string> value;
    bool unchanged = false;
};
using Fix = std::function<FixResult(const QuarantinedRecord&)>;

/// Sets fields of a JSON object. Values are JSON, or else text.
Fix fix_by_setting(const std::vector<std::pair<std::string, std::string>>& fields);

/// Appends the wanted records again, fixed, each with a header that names the position it came from. A record
/// whose position the log already has in such a header is left out, so that a second call adds nothing.
/// Durable on return.
QuarantineReplayReport replay_quarantine(const catalog::DataDirectory& data, bronze::EventLog& log,
                                         const QuarantineFilter& filter, const Fix& fix);

}  // namespace millrace::silver
