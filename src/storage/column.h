#pragma once

#include <arrow/record_batch.h>
#include <arrow/table_builder.h>

namespace millrace::storage {

/// A column of `rows`, which have it, as the array type that it has.
template <typename Array>
const Array& column(const arrow::RecordBatch& rows, const char* name) {
    return dynamic_cast<const Array&>(*rows.GetColumnByName(name));
}

/// A column of the rows being built, as the builder type that it has.
template <typename Builder>
Builder* field(arrow::RecordBatchBuilder& rows, int index) {
    return dynamic_cast<Builder*>(rows.GetField(index));
}

}  // namespace millrace::storage
