#pragma once

#include <arrow/record_batch.h>

#include <cstdint>

#include "storage/parquet_file.h"

namespace millrace::storage {

/// Appends the rows of a batch whose numbers `is_kept` returns true for, in runs of as many as follow each
/// other.
template <typename IsKept>
void append_kept_rows(ParquetWriter& writer, const arrow::RecordBatch& rows, const IsKept& is_kept) {
    for (std::int64_t from = 0; from < rows.num_rows();) {
        std::int64_t to = from;
        while (to < rows.num_rows() && is_kept(to)) ++to;
        if (to > from) writer.append(*rows.Slice(from, to - from));
        from = to + 1;
    }
}

}  // namespace millrace::storage
