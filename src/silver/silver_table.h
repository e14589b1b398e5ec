#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "storage/parquet_file.h"

/// The silver and quarantine tables' columns (docs/formats/silver-table.md).
namespace millrace::silver {

/// The type of quantity_exact: decimal(18,3).
std::shared_ptr<arrow::DataType> quantity_type();
/// The type of line_total: decimal(38,4), as Gold's amounts of money.
std::shared_ptr<arrow::DataType> money_type();

/// All columns of the silver table in their order, including the partition columns.
std::shared_ptr<arrow::Schema> silver_schema();
/// The columns event_date and event_type, which are the directories of the table.
const std::vector<std::string>& silver_partition_columns();
/// The columns and encodings of a silver data file.
const storage::ParquetLayout& silver_layout();

std::shared_ptr<arrow::Schema> quarantine_schema();
const storage::ParquetLayout& quarantine_layout();

}  // namespace millrace::silver
