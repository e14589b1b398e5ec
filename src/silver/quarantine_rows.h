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
#include "silver/event_columns.h"
#include "silver/verdict.h"

namespace millrace::silver {

/// An item that broke a validation rule, with its whole record unchanged.
struct QuarantineRow {
    int partition = 0;
    bronze::Offset offset{0};
    base::WallTime timestamp;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::string headers;  ///< in the encoding of a Kafka record batch
    model::ValidationRule rule = model::ValidationRule::none;
    std::string_view field;   ///< the field that broke the rule: a string literal, or empty
    std::string_view format;  ///< a string literal
    std::int32_t record_index = 0;
};

/// Copies the record. The row keeps the views of the verdict's field and of the source's format.
QuarantineRow quarantine_row(const EventSource& source, int partition, const Verdict& verdict);

/// Returns the rows in the layout of the quarantine table. Throws Error if memory cannot be allocated.
std::shared_ptr<arrow::RecordBatch> quarantine_batch(const std::vector<const QuarantineRow*>& rows,
                                                     const std::string& topic, int log_epoch,
                                                     model::Timestamp quarantined_at);

}  // namespace millrace::silver
