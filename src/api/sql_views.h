#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "catalog/data_directory.h"
#include "serve/sql_view.h"
#include "storage/delta_table.h"

namespace millrace::api {

/// A shop's tables as SQL sees them: silver, quarantine, gold.* and, where there is an archive, bronze. Each
/// names the files of its table's newest version, from the data directory on. Thread-safe.
class SqlViews {
  public:
    explicit SqlViews(catalog::DataDirectory data) : data_(std::move(data)) {}

    /// At the newest versions. A table that isn't there yet has no rows.
    [[nodiscard]] std::vector<serve::SqlView> views();
    /// Shows one of the tables at its newest version; nothing happens where it isn't there yet.
    void visit(const std::filesystem::path& root, const std::function<void(const storage::DeltaTable&)>& at);

  private:
    const storage::DeltaTable* newest(const std::filesystem::path& root);

    const catalog::DataDirectory data_;
    std::mutex mutex_;
    std::map<std::string, storage::DeltaTable> tables_;  // guarded by mutex_; by folder
};

}  // namespace millrace::api
