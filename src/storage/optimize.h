#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "storage/delta_table.h"
#include "storage/parquet_file.h"

namespace millrace::storage {

struct OptimizeOptions {
    std::int64_t target_bytes = 128LL << 20;  ///< files are joined up to this size
    /// Columns that are constant within a file and must stay so: only files with equal values are joined.
    std::vector<std::string> constant_columns;
    /// Integer columns that stay constant within a file where they are: such files are joined only with those
    /// of the same value, and files with several values among themselves.
    std::vector<std::string> separate_columns;
    /// Joins only where it pays off: in each group the smallest files, as long as the next one is at most as
    /// large as the ones before it together, and at least `min_files` of them. So a row is rewritten a
    /// logarithmic number of times.
    bool gradual = false;
    /// Selects the files that may be joined. An empty function selects all.
    std::function<bool(const AddFile&)> wanted;
    std::size_t min_files = 6;
    std::string name = "part";  ///< prefix of the joined files' names
    /// Joins only neighbours by offset, so that files never overlap, for readers that need a partition's rows
    /// in order. With `gradual`, the last files are joined instead of the smallest.
    bool in_order = false;
};

struct OptimizeReport {
    std::int64_t files_before = 0;  ///< number of files that were joined
    std::int64_t files_after = 0;
    std::int64_t bytes_before = 0;
    std::int64_t bytes_after = 0;
};

/// Joins small files of a partition into larger ones. The rows stay the same, so the commits have
/// dataChange=false. Each group is a separate commit. A group is skipped if another writer has removed one of
/// its files, or if vacuum has removed its joined file as abandoned.
OptimizeReport optimize(DeltaTable& table, const ParquetLayout& layout, const OptimizeOptions& options);

}  // namespace millrace::storage
