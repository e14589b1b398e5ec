#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "catalog/data_directory.h"
#include "catalog/partition_progress.h"
#include "silver/stage/lane.h"
#include "storage/delta_action.h"

namespace millrace::silver {

/// The data files of a batch, which no commit names yet.
struct WrittenFiles {
    std::vector<storage::AddFile> silver;
    std::vector<storage::AddFile> quarantine;
};

/// Writes the rows of batches into data files of the silver table and of the quarantine table, durably.
/// Commits nothing, and does not need the tables' logs. Not thread-safe.
class BatchFiles {
  public:
    /// The rows of one data file to be: columns of one day, event type and epoch.
    using FileRows = std::vector<EventColumns*>;

    /// `data` and `pool` must outlive it.
    BatchFiles(const catalog::DataDirectory& data, base::WorkerPool& pool);

    /// Divides the rows of a batch into files. The longest ones come first.
    [[nodiscard]] static std::vector<FileRows> divide(const std::vector<LanePart>& parts);
    /// Writes files and returns their add actions, in the same order.
    [[nodiscard]] std::vector<storage::AddFile> write_silver(const std::vector<FileRows>& files);
    [[nodiscard]] std::vector<storage::AddFile> write_quarantine(const std::vector<LanePart>& parts,
                                                                 const catalog::LogIdentity& log);
    /// Writes all rows of a batch.
    [[nodiscard]] WrittenFiles write(const std::vector<LanePart>& parts, const catalog::LogIdentity& log);

  private:
    [[nodiscard]] storage::AddFile write_file(const FileRows& rows, std::size_t number,
                                              model::Timestamp processing_timestamp) const;

    const catalog::DataDirectory& data_;
    base::WorkerPool& pool_;
    std::string run_id_;
    std::int64_t batches_ = 0;
};

}  // namespace millrace::silver
