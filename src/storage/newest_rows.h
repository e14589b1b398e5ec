#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/delta_table.h"

namespace millrace::storage {

/// Where a row of a table stands.
struct RowPlace {
    const AddFile* file = nullptr;  ///< of the table's snapshot, which must outlive it
    std::int64_t row = 0;           ///< in the file, from 0
    std::int64_t time = 0;          ///< its value in the time column, µs
};

/// Which rows are wanted.
struct NewestRows {
    std::shared_ptr<arrow::Schema> columns;  ///< the table's
    /// The timestamp column that the rows are ordered by, newest first; rows without a time are left out.
    std::string time;
    /// Columns that order rows of one time: integers and timestamps from the greatest down, texts from A to
    /// Z.
    std::vector<std::string> ties;
    std::size_t limit = 0;
    /// Whether a row is wanted, by the columns that it needs; all rows are when it is empty.
    std::function<bool(const arrow::RecordBatch&, std::int64_t row)> filter;
    std::vector<std::string> filter_columns;
};

/// The newest rows of a table, newest first. Their order depends on the rows alone, not on the files that
/// they lie in, as long as `ties` tells them apart. Files whose rows are all older than enough others, as
/// their stats say, aren't opened, and of the rest only the columns named above are read.
std::vector<RowPlace> newest_rows(const DeltaTable& table, const NewestRows& wanted);

/// Reads `columns` of those of the `schema` (all, when none are named) of the rows at `places` and visits
/// each with its index in `places`, file by file. A file's batch lacks partition columns, and those that it
/// is too old for.
void read_rows(
    const DeltaTable& table, const arrow::Schema& schema, const std::vector<RowPlace>& places,
    const std::vector<std::string>& columns,
    const std::function<void(std::size_t place, const arrow::RecordBatch&, std::int64_t row)>& visit);

}  // namespace millrace::storage
