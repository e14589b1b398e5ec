#pragma once

#include <arrow/type_fwd.h>

#include "base/json.h"

namespace millrace::serve {

/// Returns the rows of a batch as objects by column: counts and rates as numbers, exact decimals as strings,
/// times as milliseconds since 1970.
base::json::array json_rows(const arrow::RecordBatch& rows);

}  // namespace millrace::serve
