#pragma once

#include <functional>
#include <optional>
#include <thread>

#include "base/stop.h"
#include "catalog/data_directory.h"
#include "storage/optimize.h"
#include "storage/vacuum.h"

namespace millrace::pipeline {

/// Joins a table's small files. The caller holds a catalog::WriterLease.
storage::OptimizeReport optimize_silver(const catalog::DataDirectory& data,
                                        const storage::OptimizeOptions& options = {});
storage::OptimizeReport optimize_quarantine(const catalog::DataDirectory& data,
                                            const storage::OptimizeOptions& options = {});
/// Does nothing where there is no archive.
storage::OptimizeReport optimize_archive(const catalog::DataDirectory& data,
                                         const storage::OptimizeOptions& options = {});

/// Maintains the tables while silver runs, in a thread of its own: joins small files gradually, and removes
/// files whose retention has ended. It works on snapshots of its own, and its commits change no rows, so
/// silver's commits never wait for it. Each of several workers joins the files of the partitions that it
/// reads.
class TableMaintenance {
  public:
    /// `ours` returns whether this worker reads a partition; it is called from the object's thread. `data`
    /// must outlive the object.
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
    storage::VacuumReport gold;  ///< the sum of all gold tables
    /// Whether no writer was running, so that files that no commit names were removed at any age.
    bool alone = false;
};

/// Removes the files that the tables no longer name, except those that Gold has not read yet. Without a
/// `retention`, those that TableMaintenance would remove. Throws a usage Error for a retention above the
/// tables' own. With `dry_run`, only counts the files.
CleanReport vacuum_tables(const catalog::DataDirectory& data, std::optional<base::Duration> retention,
                          bool dry_run);

}  // namespace millrace::pipeline
