#pragma once

#include <mutex>
#include <shared_mutex>

#include "base/file.h"
#include "base/units.h"
#include "catalog/data_directory.h"

namespace millrace::catalog {

/// The lock file for writers of data files. Each writer holds it shared for as long as it runs, so that
/// vacuum knows whether files that no commit names may belong to a running writer.
base::File writers_lock(const DataDirectory& data);

/// Tells vacuum that a writer of data files runs, for as long as the object lives. Waits while a vacuum holds
/// the lock exclusively.
class WriterLease {
  public:
    explicit WriterLease(const DataDirectory& data) : file_(writers_lock(data)), lock_(file_) {}
    WriterLease(const WriterLease&) = delete;
    WriterLease& operator=(const WriterLease&) = delete;

  private:
    base::File file_;
    std::shared_lock<base::File> lock_;
};

/// The lock file for commits. A writer holds it shared during each commit of rows or of joined files. A
/// rebuild holds it exclusively while it catches up and replaces the tables; otherwise a writer that commits
/// many times a second would always be ahead of it.
base::File commit_lock(const DataDirectory& data);

/// The lock file for Gold. The only process that runs the gold stage holds it exclusively.
base::File gold_lock(const DataDirectory& data);
/// Whether a process runs the gold stage.
[[nodiscard]] bool gold_runs(const DataDirectory& data);

/// Tells vacuum that a correction of late days reads the files of one version of silver, for as long as the
/// object lives.
class CorrectionLease {
  public:
    explicit CorrectionLease(const DataDirectory& data);
    CorrectionLease(const CorrectionLease&) = delete;
    CorrectionLease& operator=(const CorrectionLease&) = delete;

  private:
    base::File file_;
    std::unique_lock<base::File> lock_;
};
/// Returns how long ago the correction that is running began, or 0 if none is.
[[nodiscard]] base::Duration age_of_correction(const DataDirectory& data);

}  // namespace millrace::catalog
