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
    /// Columns that are constant within a file and stay so: files are only joined when they agree on them.
    std::vector<std::string> constant_columns;
    /// Join only where it pays: in each group the smallest files, as long as the next is at most as large as
    /// those before it together, and at least `min_files` of them. So a row is rewritten a logarithmic
    /// number of times.
    bool gradual = false;
    /// Files that may be joined; nothing stands for all.
    std::function<bool(const AddFile&)> wanted;
    std::size_t min_files = 6;
    std::string name = "part";  ///< what the joined files' names begin with
    /// Join neighbours by offset only, so that files never overlap: for readers that need a partition's rows
    /// in order. Gradually then means the last files.
    bool in_order = false;
};

struct OptimizeReport {
    std::int64_t files_before = 0;  ///< that were joined
    std::int64_t files_after = 0;
    std::int64_t bytes_before = 0;
    std::int64_t bytes_after = 0;
};

/// Joins small files of one partition into larger ones; the rows stay the same, so the commits have
/// dataChange=false. Each group is a commit of its own; one whose files another writer removed meanwhile is
/// left out, and so is one whose joined file vacuum has taken for an abandoned one.
OptimizeReport optimize(DeltaTable& table, const ParquetLayout& layout, const OptimizeOptions& options);

}  // namespace millrace::storage
