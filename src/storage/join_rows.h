#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

namespace millrace::storage {

/// Returns the rows of all batches as one batch. Each batch has columns of `schema`, in its order; a string
/// column may be a dictionary in some of them, and a column that a batch lacks is null there. A column that
/// all batches lack is missing in the result, too.
std::shared_ptr<arrow::RecordBatch> join_rows(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                              const arrow::Schema& schema);

}  // namespace millrace::storage
