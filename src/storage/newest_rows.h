#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/delta_table.h"

namespace millrace::storage {

/// The position of a row in a table.
struct RowPlace {
    const AddFile* file = nullptr;  ///< points into the table's snapshot, which must outlive it
    std::int64_t row = 0;           ///< row number in the file, from 0
    model::Timestamp time;          ///< value in the time column
};

/// Selects rows.
struct NewestRows {
    std::shared_ptr<arrow::Schema> columns;  ///< the table's columns
    /// The timestamp column that the rows are ordered by, newest first. Rows without a time are left out.
    std::string time;
    /// Columns that order rows of the same time: integers and timestamps in descending order, strings in
    /// ascending order.
    std::vector<std::string> ties;
    std::size_t limit = 0;
    /// Returns whether a row is wanted, given the columns in `filter_columns`. An empty function selects all
    /// rows.
    std::function<bool(const arrow::RecordBatch&, std::int64_t row)> filter;
    std::vector<std::string> filter_columns;
};

/// Returns the newest rows of a table, newest first. Their order depends only on the rows, not on the files
/// that contain them, as long as `ties` makes it unique. Files whose statistics show that all of their rows
/// are too old are not opened. Only the columns named above are read.
std::vector<RowPlace> newest_rows(const DeltaTable& table, const NewestRows& wanted);

/// Reads the columns of `schema` that `columns` names (all of them if it is empty) of the rows at `places`.
/// Visits each row with its index in `places`, file by file. A batch lacks partition columns and columns that
/// were added after its file was written.
void read_rows(
    const DeltaTable& table, const arrow::Schema& schema, const std::vector<RowPlace>& places,
    const std::vector<std::string>& columns,
    const std::function<void(std::size_t place, const arrow::RecordBatch&, std::int64_t row)>& visit);

}  // namespace millrace::storage
