#pragma once

#include <filesystem>

#include "api/sql_views.h"
#include "base/mutex.h"
#include "catalog/data_directory.h"
#include "serve/sql_view.h"
#include "silver/stage/uncommitted_rows.h"

namespace millrace::api {

/// The SQL view live.silver: the rows of the silver table, and those that the Silver in this process has not
/// committed yet. Each row is there once. Thread-safe.
class LiveSilver {
  public:
    /// `rows` may be null: Silver does not run in this process, and the view is the table. `scratch` is the
    /// directory for files of uncommitted rows. `rows` must outlive this object.
    LiveSilver(const catalog::DataDirectory& data, const silver::UncommittedRows* rows,
               std::filesystem::path scratch)
        : data_(data), rows_(rows), scratch_(std::move(scratch)) {}

    /// Returns the view for a query that uses it. `silver` is the view of the table.
    [[nodiscard]] serve::SqlView view(const serve::SqlView& silver, SqlViews& tables);
    /// Returns the view for other queries, which may list it.
    [[nodiscard]] static serve::SqlView listed(const serve::SqlView& silver);

  private:
    void add_uncommitted(const std::vector<silver::UncommittedRows::Block>& blocks, serve::SqlView& view);
    [[nodiscard]] std::filesystem::path new_folder();

    const catalog::DataDirectory data_;
    const silver::UncommittedRows* const rows_;
    const std::filesystem::path scratch_;
    base::Mutex mutex_;
    std::int64_t folders_ MILLRACE_GUARDED_BY(mutex_) = 0;  // number of directories created so far
};

}  // namespace millrace::api
