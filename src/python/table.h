#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "storage/delta_table.h"

namespace millrace::python {

/// The rows of a table's version, which are read file by file, some at a time, whenever they are asked for.
class TableRows {
  public:
    /// `columns` are some of the table's; all if it is empty. Throws an Error that names one that the table
    /// does not have.
    TableRows(std::filesystem::path root, const storage::Snapshot& snapshot,
              const std::vector<std::string>& columns);

    [[nodiscard]] const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
    /// Returns a reader from the first row on, which may outlive this object.
    [[nodiscard]] std::shared_ptr<arrow::RecordBatchReader> reader() const;

  private:
    std::filesystem::path root_;
    std::shared_ptr<arrow::Schema> table_;   // the schema of all columns
    std::shared_ptr<arrow::Schema> schema_;  // the schema of the columns that are read
    std::vector<storage::AddFile> files_;
};

/// A Delta table for programs in Python. Thread-safe; calls take turns.
class Table {
  public:
    /// Opens the newest version. Throws an Error if there is no table that can be read.
    explicit Table(const std::filesystem::path& path) : table_(storage::DeltaTable::open(path)) {}
    /// Creates the table if it does not exist, and adds columns that it lacks.
    /// Throws an Error if it exists with other partition columns, or if these are not some of the columns.
    Table(const std::filesystem::path& path, const arrow::Schema& schema,
          const std::vector<std::string>& partition_columns);

    [[nodiscard]] std::filesystem::path path() const;
    /// Reads the commits of other writers. Returns the newest version.
    std::int64_t refresh();
    [[nodiscard]] std::int64_t version() const;
    [[nodiscard]] std::vector<std::string> partition_columns() const;
    [[nodiscard]] storage::Snapshot snapshot() const;
    [[nodiscard]] TableRows rows(const std::vector<std::string>& columns) const;
    /// The newest commits, the newest first, up to `limit`, as far as the log still has them.
    [[nodiscard]] std::vector<std::pair<std::int64_t, storage::Commit>> history(std::size_t limit) const;
    /// Commits files, which must exist below the table, and txns, and makes all of them durable. Returns the
    /// version, or nothing if another writer has meanwhile committed one of these txns, or a file is gone.
    /// Throws an Error for a file that the table cannot have, and if it needs a feature of writers that is
    /// not known here.
    std::optional<std::int64_t> commit(std::vector<storage::AddFile> files,
                                       const std::map<std::string, std::int64_t>& txns,
                                       const std::string& operation);

  private:
    mutable base::Mutex mutex_;
    storage::DeltaTable table_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::python
