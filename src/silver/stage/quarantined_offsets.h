#pragma once

#include <set>

#include "catalog/partition_progress.h"
#include "storage/delta_table.h"

namespace millrace::silver {

/// Returns the offsets of one partition, from `from` on, that the quarantine table holds. They are rows whose
/// silver commit was never made.
std::set<bronze::Offset> quarantined_offsets(const storage::DeltaTable& quarantine,
                                             const catalog::LogIdentity& log, int partition,
                                             bronze::Offset from);

}  // namespace millrace::silver
