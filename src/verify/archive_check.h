#pragma once

#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "verify/verify_report.h"

namespace millrace::verify {

/// Checks the archive table, which must exist: its files, and that it holds each of a partition's records
/// once and as many of them as its commits count.
void check_archive(const catalog::DataDirectory& data, const bronze::EventLog& log, VerifyReport& report);

}  // namespace millrace::verify
