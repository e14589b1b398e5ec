#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bronze/record.h"
#include "model/rule.h"
#include "model/timestamp.h"

namespace millrace::silver {

/// A record that broke a rule, with its bytes as they came.
struct QuarantineRow {
    int partition = 0;
    bronze::Offset offset = 0;
    std::int64_t timestamp_ms = 0;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::string headers;  ///< encoded as in the record batch
    model::ValidationRule rule = model::ValidationRule::none;
    std::string_view field;  ///< a literal, or empty
};

QuarantineRow quarantine_row(const bronze::Record& record, int partition, model::ValidationRule rule,
                             std::string_view field);

/// The rows in the quarantine table's layout.
std::shared_ptr<arrow::RecordBatch> quarantine_batch(const std::vector<const QuarantineRow*>& rows,
                                                     const std::string& topic, int log_epoch,
                                                     model::Timestamp quarantined_at);

}  // namespace millrace::silver
