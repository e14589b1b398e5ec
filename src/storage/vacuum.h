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
    /// Files that no commit names, but that may be a running writer's: too young to tell, or a commit was
    /// being made.
    std::int64_t kept_young = 0;
};

/// Removes the data files that the table no longer names: those that a commit removed longer than `retention`
/// ago, and those that no commit names and that are older than `orphan_age`. A writer that commits such a
/// file all the same finds it gone, and gives up its commit. With `dry_run`, only counts them. Moves the
/// table's snapshot on.
VacuumReport vacuum(DeltaTable& table, base::Duration retention, base::Duration orphan_age, bool dry_run);

/// The data files in the table's directory that its snapshot doesn't name, relative to it. Files may vanish
/// under it.
std::vector<std::string> unnamed_files(const DeltaTable& table);

}  // namespace millrace::storage
