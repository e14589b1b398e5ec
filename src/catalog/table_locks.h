#pragma once

#include <mutex>
#include <shared_mutex>

#include "base/file.h"
#include "catalog/data_directory.h"

namespace millrace::catalog {

/// Held shared, as long as it runs, by whoever writes data files, so that vacuum can tell whether files that
/// no commit names may be a running writer's.
base::File writers_lock(const DataDirectory& data);

/// Held shared for each commit of rows or joined files, and exclusively by a rebuild while it catches up and
/// puts its tables in place: otherwise a writer that commits many times a second would always be ahead of it.
base::File commit_lock(const DataDirectory& data);

/// Held exclusively by the one process that runs the gold stage.
base::File gold_lock(const DataDirectory& data);

}  // namespace millrace::catalog
