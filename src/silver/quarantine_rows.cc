#include "silver/quarantine_rows.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "silver/silver_table.h"
#include "storage/arrow_status.h"
#include "storage/column.h"

namespace millrace::silver {

namespace {

using storage::field;

constexpr const char* building_rows = "building quarantine rows";

std::optional<std::string> owned(std::string_view bytes) {
    if (bytes.data() == nullptr) return std::nullopt;
    return std::string(bytes);
}

void append_optional(arrow::BinaryBuilder* builder, const std::optional<std::string>& bytes) {
    storage::check(bytes ? builder->Append(*bytes) : builder->AppendNull(), building_rows);
}

std::string message_of(const QuarantineRow& row) {
    if (row.field.empty()) return std::string(model::rule_text(row.rule));
    return fmt::format("{}: {}", row.field, model::rule_text(row.rule));
}

}  // namespace

QuarantineRow quarantine_row(const EventSource& source, int partition, const Verdict& verdict) {
    const bronze::Record& record = source.record;
    return {partition,          record.offset,       record.timestamp,
            owned(record.key),  owned(record.value), std::string(record.headers),
            verdict.rule,       verdict.field,       source.format,
            source.record_index};
}

std::shared_ptr<arrow::RecordBatch> quarantine_batch(const std::vector<const QuarantineRow*>& rows,
                                                     const std::string& topic, int log_epoch,
                                                     model::Timestamp quarantined_at) {
    const auto builder = storage::value_of(
        arrow::RecordBatchBuilder::Make(quarantine_schema(), arrow::default_memory_pool()), building_rows);
    for (const QuarantineRow* row : rows) {
        storage::check(field<arrow::StringBuilder>(*builder, 0)->Append(topic), building_rows);
        storage::check(field<arrow::Int32Builder>(*builder, 1)->Append(row->partition), building_rows);
        storage::check(field<arrow::Int64Builder>(*builder, 2)->Append(row->offset.value()), building_rows);
        storage::check(field<arrow::Int32Builder>(*builder, 3)->Append(log_epoch), building_rows);
        storage::check(field<arrow::TimestampBuilder>(*builder, 4)->Append(model::to_us(row->timestamp)),
                       building_rows);
        append_optional(field<arrow::BinaryBuilder>(*builder, 5), row->key);
        append_optional(field<arrow::BinaryBuilder>(*builder, 6), row->value);
        storage::check(field<arrow::BinaryBuilder>(*builder, 7)->Append(row->headers), building_rows);
        storage::check(field<arrow::StringBuilder>(*builder, 8)->Append(model::rule_name(row->rule)),
                       building_rows);
        auto* names = field<arrow::StringBuilder>(*builder, 9);
        storage::check(row->field.empty() ? names->AppendNull() : names->Append(row->field), building_rows);
        storage::check(field<arrow::StringBuilder>(*builder, 10)->Append(message_of(*row)), building_rows);
        storage::check(field<arrow::TimestampBuilder>(*builder, 11)->Append(model::to_us(quarantined_at)),
                       building_rows);
        storage::check(field<arrow::StringBuilder>(*builder, 12)->Append(row->format), building_rows);
        storage::check(field<arrow::Int32Builder>(*builder, 13)->Append(row->record_index), building_rows);
    }
    return storage::value_of(builder->Flush(), building_rows);
}

}  // namespace millrace::silver
