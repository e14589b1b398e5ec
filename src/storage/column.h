#pragma once

#include <arrow/record_batch.h>

namespace millrace::storage {

/// A column of `rows`, which have it, as the array type that it has.
template <typename Array>
const Array& column(const arrow::RecordBatch& rows, const char* name) {
    return dynamic_cast<const Array&>(*rows.GetColumnByName(name));
}

}  // namespace millrace::storage
