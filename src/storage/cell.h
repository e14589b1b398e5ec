#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <vector>

#include "base/json.h"
#include "storage/partition_path.h"
#include "storage/table_columns.h"

/// Values of a table's rows as JSON. Texts may be any bytes; exact decimals and times are texts, as in
/// DuckDB's JSON.
namespace millrace::storage {

/// The value of an Arrow array. Times are ISO 8601 in UTC, to the µs.
[[nodiscard]] base::json::value cell_of(const arrow::Array& column, std::int64_t row);

/// The value of a partition column, with the type that the column has in the table.
[[nodiscard]] base::json::value partition_cell(const PartitionValues& partition, const TableColumn& column);

/// A row's cells in these columns. A column that the batch lacks is a partition column, or was added to the
/// table later.
[[nodiscard]] base::json::array cells_of(const arrow::RecordBatch& batch, std::int64_t row,
                                         const std::vector<TableColumn>& columns,
                                         const PartitionValues& partition);

}  // namespace millrace::storage
