#pragma once

#include <set>

#include "catalog/partition_progress.h"
#include "storage/delta_table.h"

namespace millrace::silver {

/// The offsets from `from` on, of one partition, that the quarantine table holds: rows whose silver commit
/// never came.
std::set<bronze::Offset> quarantined_offsets(const storage::DeltaTable& quarantine,
                                             const catalog::LogIdentity& log, int partition,
                                             bronze::Offset from);

}  // namespace millrace::silver
