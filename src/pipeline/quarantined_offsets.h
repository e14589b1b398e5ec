#pragma once

#include <set>

#include "pipeline/partition_progress.h"
#include "storage/delta_table.h"

namespace millrace::pipeline {

/// The offsets from `from` on, of one partition, that the quarantine table holds: rows whose silver commit
/// never came.
std::set<bronze::Offset> quarantined_offsets(const storage::DeltaTable& quarantine, const LogIdentity& log,
                                             int partition, bronze::Offset from);

}  // namespace millrace::pipeline
