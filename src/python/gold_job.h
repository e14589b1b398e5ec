#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/worker_pool.h"
#include "catalog/data_directory.h"
#include "catalog/table_locks.h"
#include "gold/stage/batch_layer.h"

namespace millrace::python {

/// The batch layer of Gold whose days are computed by several processes, on other machines perhaps, which
/// share the data directory. Thread-safe; calls take turns.
class GoldJob {
  public:
    /// Throws an Error if there is no silver table. As long as the object lives, `vacuum` keeps the files of
    /// its days. With `threads` = 0, the calling thread does all of the work: a worker has other tasks
    /// beside.
    explicit GoldJob(const std::string& data, std::size_t threads = base::WorkerPool::processors);

    /// The first and the last day that Silver has events of, as 2019-10-01; nothing if it has none.
    [[nodiscard]] std::optional<std::pair<std::string, std::string>> all_days();
    /// Reads how far the speed layer has published, as bytes for prepare() and commit().
    [[nodiscard]] std::string begin();
    /// Computes the rows of some days, and writes them into files. Returns bytes for commit().
    [[nodiscard]] std::string prepare(const std::string& from, const std::string& to, std::string_view begun);
    /// Commits days that follow each other without a gap. Returns the number of rows, or nothing when the
    /// tables have changed meanwhile: begin() again.
    [[nodiscard]] std::optional<std::int64_t> commit(const std::vector<std::string_view>& prepared,
                                                     std::string_view begun);

  private:
    base::Mutex mutex_;
    const catalog::DataDirectory data_;
    const model::ShopSettings settings_;
    const catalog::WriterLease lease_;
    base::WorkerPool pool_;
    gold::BatchLayer batch_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::python
