#pragma once

#include <arrow/type_fwd.h>

#include <string>

#include "model/shop_settings.h"
#include "storage/delta_action.h"
#include "verify/finding.h"

namespace millrace::verify {

/// Checks that rows of a silver file have each column that must not be null, and a value in it. `path` is the
/// file's, for the description of a fault.
void check_nulls(const arrow::RecordBatch& rows, const std::string& path, Finding& finding);

/// Checks the values of rows of the silver file `add`: the day and hour of the event, the range of the price,
/// and is_high_value. An event of a type that requires a product or a price by `rules` must have it.
void check_values(const arrow::RecordBatch& rows, const storage::AddFile& add,
                  const model::RuleOptions& rules, Finding& finding);

}  // namespace millrace::verify
