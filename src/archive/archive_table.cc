#include "archive/archive_table.h"

#include <arrow/api.h>

#include <algorithm>

#include "model/timestamp.h"
#include "storage/arrow_status.h"
#include "storage/column.h"

namespace millrace::archive {

namespace {

using storage::column, storage::field;

constexpr const char* building_rows = "building archive rows";

std::shared_ptr<arrow::DataType> headers_type() {
    static const auto type =
        arrow::list(arrow::field("element",
                                 arrow::struct_({arrow::field("key", arrow::utf8(), false),
                                                 arrow::field("value", arrow::binary(), true)}),
                                 false));
    return type;
}

void append_optional(arrow::BinaryBuilder* builder, std::string_view bytes) {
    storage::check(bytes.data() == nullptr ? builder->AppendNull() : builder->Append(bytes), building_rows);
}

void append_headers(arrow::ListBuilder* list, const bronze::Record& record) {
    storage::check(list->Append(), building_rows);
    if (record.headers.empty()) return;
    auto* header = dynamic_cast<arrow::StructBuilder*>(list->value_builder());
    for (const auto& [name, value] : bronze::decode_headers(record)) {
        storage::check(header->Append(), building_rows);
        storage::check(dynamic_cast<arrow::StringBuilder*>(header->field_builder(0))->Append(name),
                       building_rows);
        append_optional(dynamic_cast<arrow::BinaryBuilder*>(header->field_builder(1)), value);
    }
}

std::string encoded_headers(const arrow::ListArray& list, std::int64_t row) {
    if (list.value_length(row) == 0) return {};
    const auto& headers = dynamic_cast<const arrow::StructArray&>(*list.values());
    const auto& names = dynamic_cast<const arrow::StringArray&>(*headers.field(0));
    const auto& values = dynamic_cast<const arrow::BinaryArray&>(*headers.field(1));
    std::vector<bronze::Header> decoded;
    for (std::int64_t i = list.value_offset(row); i < list.value_offset(row) + list.value_length(row); ++i)
        decoded.push_back({names.GetView(i), values.IsNull(i) ? std::string_view() : values.GetView(i)});
    return bronze::encode_headers(decoded);
}

}  // namespace

std::shared_ptr<arrow::Schema> archive_schema() {
    using arrow::binary, arrow::int32, arrow::int64, arrow::utf8;
    static const auto schema = arrow::schema({
        arrow::field("topic", utf8(), false),
        arrow::field("log_epoch", int32(), false),
        arrow::field("partition", int32(), false),
        arrow::field("offset", int64(), false),
        arrow::field("timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), false),
        arrow::field("key", binary(), true),
        arrow::field("value", binary(), true),
        arrow::field("headers", headers_type(), false),
    });
    return schema;
}

const storage::ParquetLayout& archive_layout() {
    static const storage::ParquetLayout layout = {.schema = archive_schema(),
                                                  .plain = {"value"},
                                                  .delta_encoded = {"offset", "timestamp"},
                                                  .without_stats = {"key", "value"},
                                                  .compression = storage::ParquetCompression::zstd};
    return layout;
}

std::shared_ptr<arrow::RecordBatch> archive_rows(const catalog::LogIdentity& log, int partition,
                                                 const std::vector<bronze::Record>& records) {
    const auto builder = storage::value_of(
        arrow::RecordBatchBuilder::Make(archive_schema(), arrow::default_memory_pool()), building_rows);
    for (const bronze::Record& record : records) {
        storage::check(field<arrow::StringBuilder>(*builder, 0)->Append(log.topic), building_rows);
        storage::check(field<arrow::Int32Builder>(*builder, 1)->Append(log.epoch), building_rows);
        storage::check(field<arrow::Int32Builder>(*builder, 2)->Append(partition), building_rows);
        storage::check(field<arrow::Int64Builder>(*builder, 3)->Append(record.offset.value()), building_rows);
        storage::check(field<arrow::TimestampBuilder>(*builder, 4)->Append(model::to_us(record.timestamp)),
                       building_rows);
        append_optional(field<arrow::BinaryBuilder>(*builder, 5), record.key);
        append_optional(field<arrow::BinaryBuilder>(*builder, 6), record.value);
        append_headers(field<arrow::ListBuilder>(*builder, 7), record);
    }
    return storage::value_of(builder->Flush(), building_rows);
}

std::vector<bronze::Record> ArchivedRecords::take(const arrow::RecordBatch& rows,
                                                  const catalog::LogIdentity& log, bronze::Offset from,
                                                  bronze::Offset to) {
    const auto& topics = column<arrow::StringArray>(rows, "topic");
    const auto& epochs = column<arrow::Int32Array>(rows, "log_epoch");
    const auto& offsets = column<arrow::Int64Array>(rows, "offset");
    const auto& times = column<arrow::TimestampArray>(rows, "timestamp");
    const auto& keys = column<arrow::BinaryArray>(rows, "key");
    const auto& values = column<arrow::BinaryArray>(rows, "value");
    const auto& headers = column<arrow::ListArray>(rows, "headers");
    const auto count = static_cast<std::size_t>(rows.num_rows());
    bytes_.start(static_cast<std::size_t>(keys.total_values_length() + values.total_values_length()) +
                 count * bronze::record_padding);
    headers_.clear();
    headers_.reserve(count);
    const auto copy = [&](const arrow::BinaryArray& array, std::int64_t row) {
        return array.IsNull(row) ? std::string_view() : bytes_.copy(array.GetView(row));
    };
    std::vector<bronze::Record> records;
    records.reserve(count);
    for (std::int64_t i = 0; i < rows.num_rows(); ++i) {
        const bronze::Offset offset(offsets.Value(i));
        if (offset < from || offset >= to || epochs.Value(i) != log.epoch || topics.GetView(i) != log.topic)
            continue;
        bronze::Record record{
            offset, model::to_wall_time(model::from_us(times.Value(i))), copy(keys, i), copy(values, i), {}};
        bytes_.pad();
        record.headers = headers_.emplace_back(encoded_headers(headers, i));
        records.push_back(record);
    }
    return records;
}

}  // namespace millrace::archive
