#include "silver/stage/silver_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "base/random_id.h"
#include "catalog/table_locks.h"
#include "silver/silver_table.h"
#include "silver/stage/quarantined_items.h"
#include "storage/join_rows.h"
#include "storage/parquet_file.h"

namespace millrace::silver {

namespace fs = std::filesystem;

namespace {

/// A partition with fewer rows of a day and type shares their file with other partitions: each file costs 10
/// KB and two waits for the disk, however few rows it has.
constexpr std::size_t rows_of_own_file = 10'000;

/// Returns the quarantine rows of all parts, by partition.
std::map<int, std::vector<const QuarantineRow*>> rows_by_partition(const std::vector<LanePart>& parts) {
    std::map<int, std::vector<const QuarantineRow*>> rows;
    for (const LanePart& part : parts) {
        for (const QuarantineRow& row : part.quarantine) rows[row.partition].push_back(&row);
    }
    return rows;
}

/// Returns the directory of a file, such as `event_date=2019-10-01/event_type=view`.
std::string silver_directory(const EventColumns& columns) {
    return storage::partition_directory(
        {{"event_date", model::format_day(columns.day())}, {"event_type", columns.event_type()}});
}

}  // namespace

SilverWriter::SilverWriter(const catalog::DataDirectory& data, const bronze::EventLog& log,
                           const model::ShopSettings& settings, base::WorkerPool& pool)
    : data_(data),
      settings_(settings),
      log_(log),
      pool_(pool),
      commit_lock_(catalog::commit_lock(data)),
      silver_(
          storage::DeltaTable::open_or_create(data.silver(), *silver_schema(), silver_partition_columns())),
      quarantine_(storage::DeltaTable::open_or_create(data.quarantine(), *quarantine_schema(), {})),
      run_id_(base::random_id()) {}

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

std::vector<SilverWriter::FileRows> SilverWriter::divide_into_files(const std::vector<LanePart>& parts) {
    std::vector<FileRows> files;
    std::map<std::tuple<std::int64_t, std::string, int>, FileRows> shared;
    for (const LanePart& part : parts) {
        for (const auto& columns : part.files) {
            if (columns->rows() >= rows_of_own_file) {
                files.push_back({columns.get()});
            } else {
                shared[{columns->day(), columns->event_type(), columns->log_epoch()}].push_back(
                    columns.get());
            }
        }
    }
    for (auto& [key, rows] : shared) {
        std::ranges::sort(rows, {}, &EventColumns::partition);
        files.push_back(std::move(rows));
    }
    return files;
}

storage::AddFile SilverWriter::write_file(const FileRows& rows, std::size_t number,
                                          model::Timestamp processing_timestamp) const {
    const EventColumns& first = *rows.front();
    storage::AddFile add;
    add.partition_values = {{"event_date", model::format_day(first.day())},
                            {"event_type", first.event_type()}};
    add.path =
        fmt::format("{}/part-{}-{}-{}.snappy.parquet", silver_directory(first), run_id_, batches_, number);
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    for (EventColumns* columns : rows) batches.push_back(columns->batch(processing_timestamp));
    storage::ParquetWriter writer(silver_.root() / add.path, silver_layout());
    writer.write(batches.size() == 1 ? *batches.front()
                                     : *storage::join_rows(batches, *silver_layout().schema));
    storage::describe(add, writer.finish());
    return add;
}

std::vector<storage::AddFile> SilverWriter::write_files(const std::vector<LanePart>& parts) {
    ++batches_;
    const model::Timestamp now = base::now();
    std::vector<FileRows> files = divide_into_files(parts);
    std::set<fs::path> directories;
    for (const FileRows& rows : files) directories.insert(silver_.root() / silver_directory(*rows.front()));
    for (const fs::path& directory : directories) base::make_directory(directory);
    // The longest files come first, so that the last tasks to end are short.
    std::ranges::sort(files, std::greater(), [](const FileRows& rows) { return rows.front()->rows(); });
    std::vector<storage::AddFile> adds(files.size());
    std::vector<std::function<void()>> tasks;
    tasks.reserve(files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
        tasks.emplace_back([&, i] { adds[i] = write_file(files[i], i, now); });
    }
    pool_.run_all(std::move(tasks));
    for (const fs::path& directory : directories) base::sync_directory(directory);
    base::fail_point("silver.files.synced");
    return adds;
}

std::vector<storage::AddFile> SilverWriter::write_quarantine_files(const std::vector<LanePart>& parts) {
    std::vector<storage::AddFile> adds;
    const catalog::LogIdentity log = identity();
    for (const auto& [partition, rows] : rows_by_partition(parts)) {
        storage::AddFile add;
        add.path = fmt::format("part-{}-{}-{}.snappy.parquet", run_id_, batches_, partition);
        storage::ParquetWriter writer(quarantine_.root() / add.path, quarantine_layout());
        writer.write(*quarantine_batch(rows, log.topic, log.epoch, base::now()));
        storage::describe(add, writer.finish());
        adds.push_back(std::move(add));
    }
    if (!adds.empty()) base::sync_directory(quarantine_.root());
    return adds;
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

bool SilverWriter::commit_quarantine(const std::vector<LanePart>& parts) {
    storage::Commit commit;
    commit.operation = "STREAMING UPDATE";
    commit.adds = write_quarantine_files(parts);
    const auto no_conflict = [&](const storage::Commit& other) {
        return !other.removes_data() && !touches_our_progress(other, parts);
    };
    if (commit.adds.empty()) return quarantine_.refresh(no_conflict);
    base::fail_point("quarantine.files.synced");
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

bool SilverWriter::commit(const std::vector<LanePart>& parts, IdSet& ids, BatchReport& report) {
    commit_lock_.check_in_place();  // checked before any file is written
    base::Stopwatch watch;
    auto adds = write_files(parts);
    report.encode_seconds = watch.lap();
    report.files = static_cast<std::int64_t>(adds.size());
    for (const storage::AddFile& add : adds) report.bytes += add.size;
    const std::shared_lock lock(commit_lock_);
    check_settings_unchanged();
    if (!commit_quarantine(parts)) return false;
    report.quarantine_seconds = watch.lap();
    if (!commit_silver(parts, std::move(adds), ids)) return false;
    report.commit_seconds = watch.lap();
    report.version = silver_.snapshot().version;
    report.committed_at = base::wall_time();
    return true;
}

}  // namespace millrace::silver
