#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "storage/delta_table.h"

namespace millrace::storage {

struct VacuumReport {
    std::int64_t files = 0;
    std::int64_t bytes = 0;
    /// Files that no commit names but that may belong to a running writer. They were kept because they are
    /// too young, or because commits held the lock for too long.
    std::int64_t kept_young = 0;
};

/// Removes the data files that the table no longer names: files that a commit removed longer than `retention`
/// ago, and files older than `orphan_age` that no commit names. If a writer tries to commit such a file
/// later, it finds the file missing and gives up the commit. With `dry_run`, files are only counted. Advances
/// the table's snapshot.
VacuumReport vacuum(DeltaTable& table, base::Duration retention, base::Duration orphan_age, bool dry_run);

/// Returns the data files in the table's directory that its snapshot does not name, relative to that
/// directory. Files may disappear during the call.
std::vector<std::string> unnamed_files(const DeltaTable& table);

}  // namespace millrace::storage
