#pragma once

#include <mutex>
#include <shared_mutex>

#include "base/file.h"
#include "catalog/data_directory.h"

namespace millrace::catalog {

/// The lock by which vacuum tells whether files that no commit names may be a running writer's. Writers hold
/// it shared (WriterLease), and vacuum tries to take it exclusively.
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

/// Held shared for each commit of rows or joined files, and exclusively by a rebuild while it catches up and
/// puts its tables in place: otherwise a writer that commits many times a second would always be ahead of it.
base::File commit_lock(const DataDirectory& data);

/// Held exclusively by the one process that runs the gold stage.
base::File gold_lock(const DataDirectory& data);

}  // namespace millrace::catalog
