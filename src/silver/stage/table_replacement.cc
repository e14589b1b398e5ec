#include "silver/stage/table_replacement.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"

namespace millrace::silver {

namespace {

/// Whether a commit leaves the table's files as they are. Joined files would come back beside the rebuilt
/// ones, so any change of files starts another round.
bool leaves_files(const storage::Commit& other) {
    return other.adds.empty() && other.removes.empty();
}

void check_exist(const storage::DeltaTable& table, const std::vector<storage::AddFile>& files) {
    for (const storage::AddFile& add : files) {
        if (std::filesystem::exists(table.root() / add.path)) continue;
        throw Error("rebuilding the tables",
                    fmt::format("{} was removed meanwhile, as a file that no commit names",
                                (table.root() / add.path).string()),
                    "Start again, and run no vacuum beside it; the old tables are still in place.");
    }
}

}  // namespace

bool TableReplacement::is_old_silver_current() const {
    const auto now = storage::DeltaTable::open(old_.silver().root());
    return now.snapshot().version == old_.silver().snapshot().version;
}

/// The replay must have found all records that the old tables have counted. A gap in the archive or in the
/// log would remove their rows.
void TableReplacement::check_nothing_missing() const {
    for (int p = 0; p < old_.partitions(); ++p) {
        const std::int64_t missing = rebuilt_.progress(p).skipped - old_.progress(p).skipped;
        if (missing <= 0) continue;
        throw Error(
            "rebuilding the tables",
            fmt::format(
                "{} partition {}: {} records that the table was made from are gone from the log and its "
                "archive",
                log_.topic(), p, missing),
            "Their rows would be lost; the old tables are still in place.");
    }
}

/// Vacuum may have removed files: a replay may take longer than vacuum waits for files that no commit names.
void TableReplacement::check_files_there() const {
    check_exist(old_.silver(), rebuilt_.silver_adds());
    check_exist(old_.silver(), old_.split_off_files());
    check_exist(old_.quarantine(), rebuilt_.quarantine_adds());
}

storage::Commit TableReplacement::silver_commit() const {
    storage::Commit commit;
    commit.operation = storage::replace_operation;
    commit.removes = old_.silver_removes();
    commit.adds = rebuilt_.silver_adds();
    for (auto& add : old_.split_off_files()) commit.adds.push_back(std::move(add));
    for (int p = 0; p < old_.partitions(); ++p)
        catalog::append_progress(commit.txns, old_.identity(), p, rebuilt_.progress(p));
    return commit;
}

/// Its txns make a writer that waits give up the quarantined rows of its batch.
storage::Commit TableReplacement::quarantine_commit() const {
    storage::Commit commit;
    commit.operation = storage::replace_operation;
    commit.adds = rebuilt_.quarantine_adds();
    commit.removes = old_.quarantine_removes();
    for (int p = 0; p < old_.partitions(); ++p) {
        commit.txns.push_back({old_.identity().progress_app_id(p), rebuilt_.progress(p).next_offset.value(),
                               base::wall_time()});
    }
    return commit;
}

std::optional<storage::Version> TableReplacement::commit() {
    if (!is_old_silver_current()) return std::nullopt;
    // The files of records that were committed after the last round would be removed without a replay.
    if (rebuilt_.records_behind() > 0) return std::nullopt;
    check_nothing_missing();
    check_files_there();
    data_.begin_rebuild();
    if (!old_.quarantine().commit(quarantine_commit(), leaves_files)) {
        // Unless an earlier round has committed to quarantine, nothing of this replay is in the tables.
        if (rebuilt_.quarantine_committed().empty()) data_.end_rebuild();
        return std::nullopt;
    }
    base::fail_point("rebuild.quarantine.committed");
    const auto version = old_.silver().commit(silver_commit(), leaves_files);
    base::fail_point("rebuild.silver.committed");
    return version;
}

}  // namespace millrace::silver
