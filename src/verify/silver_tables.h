#pragma once

#include <vector>

#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "catalog/partition_progress.h"
#include "storage/delta_table.h"
#include "verify/verify_report.h"

namespace millrace::verify {

/// One snapshot of each of the silver and quarantine tables, and the progress that silver's commits state.
struct SilverTables {
    /// Opens silver before quarantine: rows that are quarantined in between lie past silver's progress.
    SilverTables(const catalog::DataDirectory& data, const bronze::EventLog& log);

    storage::DeltaTable silver;
    storage::DeltaTable quarantine;
    catalog::LogIdentity identity;                     ///< of the log that silver takes `log` for
    std::vector<catalog::PartitionProgress> progress;  ///< by partition

    [[nodiscard]] int partitions() const { return static_cast<int>(progress.size()); }
    /// Whether silver has processed this offset of a partition.
    [[nodiscard]] bool is_processed(int partition, bronze::Offset offset) const {
        return partition >= 0 && partition < partitions() && offset >= bronze::Offset(0) &&
               offset < progress[static_cast<std::size_t>(partition)].next_offset;
    }
};

/// Checks that both tables have the columns of their format.
Check check_schemas(const SilverTables& tables);

/// Checks that the files of a table's snapshot are on disk with the sizes that its log states. Notes files
/// that the snapshot does not name. `name` is the table's.
void check_files(const storage::DeltaTable& table, const char* name, VerifyReport& report);

}  // namespace millrace::verify
