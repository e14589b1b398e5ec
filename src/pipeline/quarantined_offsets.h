#pragma once

#include <set>
#include <string>

#include "bronze/record.h"
#include "storage/delta_table.h"

namespace millrace::pipeline {

/// The offsets from `from` on, of one partition, that the quarantine table holds: rows whose silver commit
/// never came.
std::set<bronze::Offset> quarantined_offsets(const storage::DeltaTable& quarantine, const std::string& topic,
                                             int epoch, int partition, bronze::Offset from);

}  // namespace millrace::pipeline
