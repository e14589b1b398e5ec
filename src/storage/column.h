#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/table_builder.h>
#include <arrow/type.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/timestamp.h"

namespace millrace::storage {

/// Throws an Error that `rows` have no such column. The Error names the file that ParquetReader noted in the
/// rows.
[[noreturn]] void throw_no_column(const arrow::RecordBatch& rows, std::string_view name);

/// Returns a column of `rows` as the array type that its table declares. Throws an Error that names the
/// column and the file if the rows have no such column of this type. The reference lives as long as `rows`.
template <typename Array>
const Array& column(const arrow::RecordBatch& rows, const char* name) {
    const auto* values = dynamic_cast<const Array*>(rows.GetColumnByName(name).get());
    if (values == nullptr) [[unlikely]]
        throw_no_column(rows, name);
    return *values;
}

/// Returns a column that rows may lack: it was introduced later, or none of the rows has a value. Returns
/// nullptr then.
template <typename Array>
const Array* optional_column(const arrow::RecordBatch& rows, const char* name) {
    return rows.GetColumnByName(name) == nullptr ? nullptr : &column<Array>(rows, name);
}

/// Returns a value of a column that rows may lack.
template <typename Value, typename Array>
std::optional<Value> value_at(const Array* values, std::int64_t row) {
    return values == nullptr || values->IsNull(row) ? std::nullopt : std::optional<Value>(values->Value(row));
}

/// Returns a time of a timestamp column, whatever unit its file has.
inline model::Timestamp time_at(const arrow::TimestampArray& times, std::int64_t row) {
    const std::int64_t time = times.Value(row);
    switch (dynamic_cast<const arrow::TimestampType&>(*times.type()).unit()) {
        case arrow::TimeUnit::SECOND:
            return model::from_us(time * 1'000'000);
        case arrow::TimeUnit::MILLI:
            return model::from_us(time * 1000);
        case arrow::TimeUnit::NANO:
            return model::from_us(time / 1000);
        default:
            return model::from_us(time);
    }
}

/// Returns a column of the rows being built as its builder type, or null if it has another type.
template <typename Builder>
Builder* field(arrow::RecordBatchBuilder& rows, int index) {
    return dynamic_cast<Builder*>(rows.GetField(index));
}

}  // namespace millrace::storage
