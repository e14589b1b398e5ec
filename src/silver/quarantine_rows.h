#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "bronze/record.h"
#include "model/rule.h"
#include "model/timestamp.h"

namespace millrace::silver {

/// A record that broke a validation rule, with its bytes unchanged.
struct QuarantineRow {
    int partition = 0;
    bronze::Offset offset{0};
    base::WallTime timestamp;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::string headers;  ///< in the encoding of a Kafka record batch
    model::ValidationRule rule = model::ValidationRule::none;
    std::string_view field;  ///< the field that broke the rule: a string literal, or empty
};

/// Copies the record. `field` must be a string literal or empty, since the row keeps the view.
QuarantineRow quarantine_row(const bronze::Record& record, int partition, model::ValidationRule rule,
                             std::string_view field);

/// Returns the rows in the layout of the quarantine table. Throws Error if memory cannot be allocated.
std::shared_ptr<arrow::RecordBatch> quarantine_batch(const std::vector<const QuarantineRow*>& rows,
                                                     const std::string& topic, int log_epoch,
                                                     model::Timestamp quarantined_at);

}  // namespace millrace::silver
