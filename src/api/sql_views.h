#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "catalog/data_directory.h"
#include "serve/sql_view.h"
#include "storage/delta_table.h"

namespace millrace::api {

/// The tables of a shop for SQL: silver, quarantine, gold.* and, if there is an archive, bronze. Each view
/// has the files of the newest version of its table, with paths relative to the data directory. Thread-safe.
class SqlViews {
  public:
    explicit SqlViews(catalog::DataDirectory data) : data_(std::move(data)) {}

    /// Returns the views at the newest versions. A table that does not exist yet has no rows.
    [[nodiscard]] std::vector<serve::SqlView> views();
    /// Calls `at` with one of the tables at its newest version, unless the table does not exist yet.
    void visit(const std::filesystem::path& root, const std::function<void(const storage::DeltaTable&)>& at);

  private:
    const storage::DeltaTable* newest(const std::filesystem::path& root) MILLRACE_REQUIRES(mutex_);

    const catalog::DataDirectory data_;
    base::Mutex mutex_;
    // The tables, by their root directories.
    std::map<std::string, storage::DeltaTable> tables_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::api
