#pragma once

#include "catalog/data_directory.h"
#include "verify/verify_report.h"

namespace millrace::verify {

/// Checks the gold tables: their columns and files, that no row occurs twice, and that each hour's events and
/// revenue are silver's (gold_hours.h). Does nothing from the first table on that does not exist.
void check_gold(const catalog::DataDirectory& data, VerifyReport& report);

}  // namespace millrace::verify
