#include "silver/stage/silver_writer.h"

#include <algorithm>
#include <set>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "catalog/table_locks.h"
#include "silver/silver_table.h"
#include "silver/stage/quarantined_items.h"

namespace millrace::silver {

SilverWriter::SilverWriter(const catalog::DataDirectory& data, const bronze::EventLog& log,
                           const model::ShopSettings& settings, base::WorkerPool& pool)
    : data_(data),
      settings_(settings),
      log_(log),
      commit_lock_(catalog::commit_lock(data)),
      silver_(
          storage::DeltaTable::open_or_create(data.silver(), *silver_schema(), silver_partition_columns())),
      quarantine_(storage::DeltaTable::open_or_create(data.quarantine(), *quarantine_schema(), {})),
      files_(data, pool) {}

/// The caller holds the commit lock.
void SilverWriter::check_settings_unchanged() const {
    data_.check_not_rebuilding();
    if (data_.settings().same_silver(settings_)) return;
    throw Error("processing the log", "a replay has meanwhile changed the settings of the shop",
                "Start the program again with the new settings.");
}

void SilverWriter::refresh() {
    const std::shared_lock lock(commit_lock_);
    check_settings_unchanged();
    silver_.refresh();
    quarantine_.refresh();
}

void SilverWriter::begin_epoch() {
    const std::shared_lock lock(commit_lock_);
    check_settings_unchanged();
    catalog::begin_epoch(silver_, log_);
}

catalog::PartitionProgress SilverWriter::progress(int partition) const {
    return catalog::read_progress(silver_.snapshot(), log_, partition);
}

ItemPlaces SilverWriter::quarantined(int partition, bronze::Offset from) const {
    return quarantined_items(quarantine_, identity(), partition, from);
}

/// Opens a separate snapshot, because refreshing silver_ would skip the conflict check of the commits in
/// between. add_ids_of() checks the commits that others make after this one.
Files SilverWriter::live_files() const {
    return storage::DeltaTable::open(silver_.root()).snapshot().files;
}

WrittenFiles SilverWriter::write(const std::vector<LanePart>& parts) {
    commit_lock_.check_in_place();  // checked before any file is written
    return files_.write(parts, identity());
}

bool SilverWriter::touches_our_progress(const storage::Commit& other,
                                        const std::vector<LanePart>& parts) const {
    const catalog::LogIdentity log = identity();
    std::set<std::string> ours = {log.epoch_app_id()};
    for (const LanePart& part : parts) {
        for (const PartitionPart& partition : part.partitions) {
            if (partition.moved()) ours.insert(log.progress_app_id(partition.partition));
        }
    }
    return other.moves_any(ours);
}

bool SilverWriter::commit_quarantine(const std::vector<LanePart>& parts, std::vector<storage::AddFile> adds) {
    storage::Commit commit;
    commit.operation = "STREAMING UPDATE";
    commit.adds = std::move(adds);
    const auto no_conflict = [&](const storage::Commit& other) {
        return !other.removes_data() && !touches_our_progress(other, parts);
    };
    if (commit.adds.empty()) return quarantine_.refresh(no_conflict);
    const catalog::LogIdentity log = identity();
    for (const LanePart& part : parts) {
        for (const PartitionPart& partition : part.partitions) {
            if (partition.quarantined == 0) continue;
            commit.txns.push_back({log.progress_app_id(partition.partition),
                                   partition.end.next_offset.value(), base::wall_time()});
        }
    }
    const auto version = quarantine_.commit(std::move(commit), no_conflict);
    base::fail_point("quarantine.committed");
    return version.has_value();
}

/// Adds the ids that another writer has committed for other partitions. Returns false if one of them is also
/// in our batch.
bool SilverWriter::add_ids_of(const storage::Commit& other, IdSet& ids) const {
    if (settings_.dedupe_scope == model::DedupeScope::partition) return true;
    std::vector<storage::AddFile> theirs = other.adds;
    std::erase_if(theirs, [](const storage::AddFile& add) { return !add.data_change; });
    return add_ids(silver_.root(), theirs, ids);
}

/// Whether the table has a partition's progress, but not its clock: an earlier version wrote it.
bool SilverWriter::lacks_clock(const PartitionPart& partition) const {
    const auto stored = catalog::stored_progress(silver_.snapshot(), identity(), partition.partition);
    return stored && !stored->clock && partition.end.clock;
}

bool SilverWriter::commit_silver(const std::vector<LanePart>& parts, std::vector<storage::AddFile> adds,
                                 IdSet& ids) {
    storage::Commit commit;
    commit.operation = "STREAMING UPDATE";
    commit.adds = std::move(adds);
    const catalog::LogIdentity log = identity();
    for (const LanePart& part : parts) {
        for (const PartitionPart& partition : part.partitions) {
            const int p = partition.partition;
            const auto behind = std::max<std::int64_t>(0, log_.cached_end(p) - partition.end.next_offset);
            if (partition.moved()) catalog::append_progress(commit.txns, log, p, partition.end);
            if (!partition.moved() && lacks_clock(partition)) {
                commit.txns.push_back(
                    {log.clock_app_id(p), model::to_us(*partition.end.clock), base::wall_time()});
            }
            if (partition.moved() || behind > 0) commit.txns.push_back(catalog::behind_txn(log, p, behind));
        }
    }
    const auto version = silver_.commit(std::move(commit), [&](const storage::Commit& other) {
        return !other.removes_data() && !touches_our_progress(other, parts) && add_ids_of(other, ids);
    });
    base::fail_point("silver.committed");
    return version.has_value();
}

bool SilverWriter::commit(const std::vector<LanePart>& parts, WrittenFiles files, IdSet& ids,
                          BatchReport& report) {
    commit_lock_.check_in_place();
    report.files = static_cast<std::int64_t>(files.silver.size());
    for (const storage::AddFile& add : files.silver) report.bytes += add.size;
    base::Stopwatch watch;
    const std::shared_lock lock(commit_lock_);
    check_settings_unchanged();
    if (!commit_quarantine(parts, std::move(files.quarantine))) return false;
    report.quarantine_seconds = watch.lap();
    if (!commit_silver(parts, std::move(files.silver), ids)) return false;
    report.commit_seconds = watch.lap();
    report.version = silver_.snapshot().version;
    report.committed_at = base::wall_time();
    return true;
}

}  // namespace millrace::silver
