#pragma once

#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "verify/verify_report.h"

namespace millrace::verify {

/// Checks the tables against the log by reading the files: for each partition, received = silver +
/// duplicates + quarantined and each offset at most once; schema, nulls, prices, partition values, duplicate
/// ids and files; and the gold tables against silver (gold_check.h). Reads silver before quarantine, and of
/// quarantine only records below silver's offsets, so that it may run beside a writer. Throws an Error when a
/// table cannot be read or a rebuild was interrupted.
VerifyReport verify_tables(const catalog::DataDirectory& data, const bronze::EventLog& log);

}  // namespace millrace::verify
