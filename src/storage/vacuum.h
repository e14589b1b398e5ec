#pragma once

#include <cstdint>
#include <limits>
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

/// Which files that the table no longer names stay on disk.
struct VacuumPolicy {
    /// Files that a commit removed stay for so long, for readers of older versions.
    base::Duration retention;
    /// Files that no commit names stay for so long, since their writer may be about to commit them.
    base::Duration orphan_age;
    /// Of the files that commits removed, only so many stay, the newest,
    std::size_t most_removed = std::numeric_limits<std::size_t>::max();
    /// and those that were removed less than this ago.
    base::Duration guaranteed{};
};

/// Removes the data files that the table no longer names and that the policy does not keep. If a writer tries
/// to commit such a file later, it finds the file missing and gives up the commit. With `dry_run`, files are
/// only counted. Advances the table's snapshot.
VacuumReport vacuum(DeltaTable& table, const VacuumPolicy& policy, bool dry_run);

/// Returns the data files in the table's directory that its snapshot does not name, relative to that
/// directory. Files may disappear during the call.
std::vector<std::string> unnamed_files(const DeltaTable& table);

}  // namespace millrace::storage
