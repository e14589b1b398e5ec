#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "pipeline/batch_report.h"
#include "pipeline/data_directory.h"
#include "pipeline/lane.h"
#include "storage/delta_table.h"

namespace millrace::pipeline {

/// Writes batches into the two tables: data files first, then the quarantine commit, then the silver commit, which is
/// also the checkpoint. Not thread-safe.
class SilverWriter {
  public:
    /// Opens both tables, creating them when there are none.
    SilverWriter(const DataDirectory& data, const bronze::EventLog& log, base::WorkerPool& pool);

    [[nodiscard]] storage::DeltaTable& silver() { return silver_; }
    [[nodiscard]] storage::DeltaTable& quarantine() { return quarantine_; }

    /// Writes the parts' rows into files and returns what the log would name; nothing is committed yet.
    [[nodiscard]] std::vector<storage::AddFile> write_files(const std::vector<LanePart>& parts);
    [[nodiscard]] std::vector<storage::AddFile> write_quarantine_files(const std::vector<LanePart>& parts);

    /// Commits a batch. False when another writer has processed one of its partitions, or rows with one of its ids, or
    /// has rebuilt the table meanwhile: then nothing was added to silver, and the stage starts again from the table.
    bool commit(const std::vector<LanePart>& parts, silver::IdSet& ids, BatchReport& report);

  private:
    bool commit_quarantine(const std::vector<LanePart>& parts);
    bool commit_silver(const std::vector<LanePart>& parts, std::vector<storage::AddFile> adds, silver::IdSet& ids);
    [[nodiscard]] bool touches_our_progress(const storage::Commit& other, const std::vector<LanePart>& parts) const;
    storage::AddFile write_file(const silver::EventColumns& columns, std::size_t number,
                                model::Timestamp processing_timestamp) const;

    const bronze::EventLog& log_;
    base::WorkerPool& pool_;
    storage::DeltaTable silver_;
    storage::DeltaTable quarantine_;
    std::string run_id_;
    std::int64_t batches_ = 0;
};

/// The names of the data directories, and the names of the tables' files, follow from what a file holds:
/// `event_date=2019-10-01/event_type=view`.
std::string silver_directory(const silver::EventColumns& columns);

}  // namespace millrace::pipeline
