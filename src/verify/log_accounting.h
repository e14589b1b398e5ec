#pragma once

#include <map>
#include <string>

#include "bronze/event_log.h"
#include "catalog/partition_progress.h"
#include "storage/delta_action.h"
#include "storage/version.h"
#include "verify/finding.h"
#include "verify/silver_tables.h"

namespace millrace::verify {

/// The rows that the tables hold of one partition.
struct CountedRows {
    std::int64_t silver = 0;
    std::int64_t quarantined = 0;
};

/// Checks that the commits count what the tables hold: items = silver + duplicates + quarantined +
/// ignored, and,
/// where the log begins at offset 0, received + skipped = next offset.
Check check_accounting(int partition, const catalog::PartitionProgress& progress, const CountedRows& rows,
                       bronze::Offset log_start);

/// Checks that silver's commits follow each other without gap or overlap: in each partition, a commit moves
/// the next offset by as many offsets as it counts as received or skipped.
class CommitChain {
  public:
    explicit CommitChain(catalog::LogIdentity log, int partitions)
        : log_(std::move(log)), partitions_(partitions) {}

    /// Takes the commit of `version`. Commits come in order; some may be missing, since they were cleaned up.
    void add(storage::Version version, const storage::Commit& commit);
    [[nodiscard]] Check check() const;

  private:
    /// Where a commit has left a partition.
    struct Place {
        bronze::Offset next_offset{0};
        std::int64_t counted = 0;  // received and skipped
    };
    void add_partition(int partition, storage::Version version, const Place& now, bool may_go_back);

    const catalog::LogIdentity log_;
    const int partitions_;
    std::map<int, Place> last_;  // by partition
    std::int64_t commits_ = 0;
    Finding finding_{"commits"};
};

/// Checks the commits that silver's Delta log still holds.
Check check_commits(const SilverTables& tables);

/// Checks that the log still holds, before each partition's next offset, the record that was processed last.
Check check_log(const SilverTables& tables, const bronze::EventLog& log);

}  // namespace millrace::verify
