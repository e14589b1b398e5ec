#include "python/input_records.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <array>

#include "base/clock.h"
#include "base/error.h"
#include "storage/typed_column.h"

namespace millrace::python {

namespace {

constexpr auto reading_input = "reading records";

/// A column as values of a type; nullptr where there is none.
template <typename Array>
std::shared_ptr<Array> column_as(const arrow::RecordBatch& rows, const std::string& name,
                                 const std::shared_ptr<arrow::DataType>& type) {
    const auto column = rows.GetColumnByName(name);
    if (!column) return nullptr;
    if (!storage::is_same_kind(*column->type(), *type))
        throw Error(reading_input,
                    fmt::format("the column {} has the type {}", name, column->type()->ToString()),
                    fmt::format("Give it as {}.", type->ToString()));
    return std::static_pointer_cast<Array>(storage::as_type(column, type, name, reading_input));
}

/// An empty value, with the bytes after it that a parser may read.
constexpr std::array<char, bronze::record_padding> nothing{};

/// Null is a view of nothing; an empty value is not.
std::string_view bytes_at(const arrow::BinaryArray& values, std::int64_t row) {
    if (values.IsNull(row)) return {};
    const std::string_view value = values.GetView(row);
    return value.empty() ? std::string_view(nothing.data(), 0) : value;
}

}  // namespace

InputRecords::InputRecords(const std::vector<std::string_view>& values, const DefaultPlace& place) {
    const base::WallTime now = base::wall_time();
    std::size_t bytes = bronze::record_padding;
    for (const std::string_view value : values) bytes += value.size();
    auto copy = std::make_unique<std::string>();
    copy->reserve(bytes);
    records_.reserve(values.size());
    std::int64_t offset = place.offset;
    for (const std::string_view value : values) {
        const std::size_t start = copy->size();
        copy->append(value);
        records_.push_back({.partition = place.partition,
                            .record = {.offset = bronze::Offset(offset++),
                                       .timestamp = now,
                                       .value = std::string_view(copy->data() + start, value.size())}});
    }
    copy->append(bronze::record_padding, '\0');
    copies_.push_back(std::move(copy));
}

InputRecords::InputRecords(const arrow::RecordBatch& rows, const DefaultPlace& place)
    : records_(static_cast<std::size_t>(rows.num_rows())) {
    read_values(rows);
    read_places(rows, place);
    read_headers(rows);
}

/// Copies a value into memory of its own.
std::string_view InputRecords::padded(std::string_view value) {
    auto copy = std::make_unique<std::string>();
    copy->reserve(value.size() + bronze::record_padding);
    copy->append(value).append(bronze::record_padding, '\0');
    copies_.push_back(std::move(copy));
    return {copies_.back()->data(), value.size()};
}

void InputRecords::read_values(const arrow::RecordBatch& rows) {
    const auto values = column_as<arrow::BinaryArray>(rows, "value", arrow::binary());
    if (!values)
        throw Error(reading_input, "there is no column value", "Name the column of the messages value.");
    const auto keys = column_as<arrow::BinaryArray>(rows, "key", arrow::binary());
    const auto& memory = values->value_data();
    const auto* const end = memory ? reinterpret_cast<const char*>(memory->data()) + memory->size() : nullptr;
    for (std::size_t i = 0; i < records_.size(); ++i) {
        bronze::Record& record = records_[i].record;
        const auto row = static_cast<std::int64_t>(i);
        record.value = bytes_at(*values, row);
        const bool is_last = !record.value.empty() && end - (record.value.data() + record.value.size()) <
                                                          static_cast<std::ptrdiff_t>(bronze::record_padding);
        if (is_last) record.value = padded(record.value);
        if (keys) record.key = bytes_at(*keys, row);
    }
    columns_.push_back(values);
    if (keys) columns_.push_back(keys);
}

void InputRecords::read_places(const arrow::RecordBatch& rows, const DefaultPlace& place) {
    const auto partitions = column_as<arrow::Int32Array>(rows, "partition", arrow::int32());
    const auto offsets = column_as<arrow::Int64Array>(rows, "offset", arrow::int64());
    const auto times =
        column_as<arrow::TimestampArray>(rows, "timestamp", arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"));
    const base::WallTime now = base::wall_time();
    for (std::size_t i = 0; i < records_.size(); ++i) {
        const auto row = static_cast<std::int64_t>(i);
        InputRecord& each = records_[i];
        each.partition = partitions && partitions->IsValid(row) ? partitions->Value(row) : place.partition;
        each.record.offset =
            bronze::Offset(offsets && offsets->IsValid(row) ? offsets->Value(row) : place.offset + row);
        each.record.timestamp =
            times && times->IsValid(row) ? base::WallTime(std::chrono::milliseconds(times->Value(row))) : now;
    }
}

void InputRecords::read_headers(const arrow::RecordBatch& rows) {
    static const auto type = arrow::list(
        arrow::struct_({arrow::field("key", arrow::utf8()), arrow::field("value", arrow::binary())}));
    const auto headers = column_as<arrow::ListArray>(rows, "headers", type);
    if (!headers) return;
    const auto& pairs = dynamic_cast<const arrow::StructArray&>(*headers->values());
    const auto& keys = dynamic_cast<const arrow::StringArray&>(*pairs.field(0));
    const auto& values = dynamic_cast<const arrow::BinaryArray&>(*pairs.field(1));
    std::vector<bronze::Header> all;
    for (std::size_t i = 0; i < records_.size(); ++i) {
        const auto row = static_cast<std::int64_t>(i);
        if (headers->IsNull(row) || headers->value_length(row) == 0) continue;
        all.clear();
        for (std::int64_t at = headers->value_offset(row); at < headers->value_offset(row + 1); ++at)
            if (pairs.IsValid(at)) all.push_back({keys.GetView(at), bytes_at(values, at)});
        copies_.push_back(std::make_unique<std::string>(bronze::encode_headers(all)));
        records_[i].record.headers = *copies_.back();
    }
}

}  // namespace millrace::python
