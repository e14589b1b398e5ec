#pragma once

#include <arrow/record_batch.h>
#include <arrow/table_builder.h>

#include <string_view>

namespace millrace::storage {

/// Throws an Error that the rows, of a file that ParquetReader has noted in them, have no such column.
[[noreturn]] void throw_no_column(const arrow::RecordBatch& rows, std::string_view name);

/// A column of `rows`, as the array type that its table gives it. Throws an Error that names column and file
/// when they have none of it.
template <typename Array>
const Array& column(const arrow::RecordBatch& rows, const char* name) {
    const auto* values = dynamic_cast<const Array*>(rows.GetColumnByName(name).get());
    if (values == nullptr) [[unlikely]]
        throw_no_column(rows, name);
    return *values;
}

/// A column of the rows being built, as the builder type that it has.
template <typename Builder>
Builder* field(arrow::RecordBatchBuilder& rows, int index) {
    return dynamic_cast<Builder*>(rows.GetField(index));
}

}  // namespace millrace::storage
