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
std::shared_ptr<arrow::DataType> line_total_type();

/// All columns of the silver table in their order, including the partition columns.
std::shared_ptr<arrow::Schema> silver_schema();
/// The columns event_date and event_type, which are the directories of the table.
const std::vector<std::string>& silver_partition_columns();
/// The columns and encodings of a silver data file.
const storage::ParquetLayout& silver_layout();
/// The layout of a silver data file that has only these columns. A file may lack columns of details
/// (model::EventDetails), which readers of the table then see as null: to encode columns of nothing but nulls
/// takes 1% of Silver's time for each.
storage::ParquetLayout silver_layout_of(const arrow::Schema& columns);

std::shared_ptr<arrow::Schema> quarantine_schema();
const storage::ParquetLayout& quarantine_layout();

}  // namespace millrace::silver
