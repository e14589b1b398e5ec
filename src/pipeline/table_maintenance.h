#pragma once

#include <functional>
#include <optional>
#include <thread>

#include "base/stop.h"
#include "catalog/data_directory.h"
#include "storage/optimize.h"
#include "storage/vacuum.h"

namespace millrace::pipeline {

/// Joins a table's small files now.
storage::OptimizeReport optimize_silver(const catalog::DataDirectory& data,
                                        const storage::OptimizeOptions& options = {});
storage::OptimizeReport optimize_quarantine(const catalog::DataDirectory& data,
                                            const storage::OptimizeOptions& options = {});
/// Nothing where there is no archive.
storage::OptimizeReport optimize_archive(const catalog::DataDirectory& data,
                                         const storage::OptimizeOptions& options = {});

/// Keeps the tables collect_garbage while the stage runs: joins small files gradually, and removes those
/// whose retention is over. It works on snapshots of its own, and its commits change no rows, so the stage's
/// commits never wait for it. Of several workers, the one that reads a partition keeps that partition's
/// files.
class TableMaintenance {
  public:
    /// `ours` tells the partitions that this worker reads; it is called from another thread.
    TableMaintenance(const catalog::DataDirectory& data, std::function<bool(int partition)> ours);
    ~TableMaintenance();
    TableMaintenance(const TableMaintenance&) = delete;
    TableMaintenance& operator=(const TableMaintenance&) = delete;

  private:
    void work();

    const catalog::DataDirectory& data_;
    const std::function<bool(int)> ours_;
    base::StopSignal stop_;
    std::thread thread_;
};

struct CleanReport {
    storage::VacuumReport silver;
    storage::VacuumReport quarantine;
    storage::VacuumReport archive;
    storage::VacuumReport gold;  ///< of all its tables
    bool alone = false;  ///< no writer was running, so files that no commit names went too, however young
};

/// Removes the files that the tables no longer name, but not those that Gold has yet to read; nothing stands
/// for the tables' own retention. Throws a usage Error for a retention above the tables', which they can't
/// keep.
CleanReport vacuum_tables(const catalog::DataDirectory& data, std::optional<base::Duration> retention,
                          bool dry_run);

}  // namespace millrace::pipeline
