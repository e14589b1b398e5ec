#include "silver/stage/old_tables.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/error.h"
#include "silver/silver_table.h"
#include "silver/stage/quarantined_items.h"
#include "storage/column.h"
#include "storage/file_stats.h"
#include "storage/kept_rows.h"
#include "storage/parquet_file.h"

namespace millrace::silver {

namespace {

storage::RemoveFile removal_of(const storage::AddFile& add) {
    return {add.path, add.partition_values, add.size, base::wall_time(), true};
}

std::vector<bronze::Offset> log_starts(const bronze::EventLog& log) {
    std::vector<bronze::Offset> starts;
    starts.reserve(static_cast<std::size_t>(log.partitions()));
    for (int p = 0; p < log.partitions(); ++p) starts.push_back(log.offsets(p).start);
    return starts;
}

std::string rebuilding(const storage::DeltaTable& table) {
    return fmt::format("rebuilding {}", table.root().string());
}

/// A topic may have got partitions since the replay began.
void check_partitions(const storage::FileStats& stats, const storage::AddFile& add,
                      const std::vector<bronze::Offset>& starts, const std::string& doing) {
    const auto most = static_cast<std::int64_t>(starts.size()) - 1;
    if (stats.min("partition").value_or(0) >= 0 && stats.max("partition").value_or(0) <= most) return;
    throw Error(doing, fmt::format("{} has rows of partitions that the log did not have", add.path),
                "Start again; the old tables are still in place.");
}

}  // namespace

FileFate fate_of_silver_file(const storage::AddFile& add, int epoch,
                             const std::vector<bronze::Offset>& starts, const std::string& doing) {
    const storage::FileStats stats(add);
    const auto partition = stats.min("partition");
    const auto first = stats.min("offset");
    const auto last = stats.max("offset");
    if (!partition || !stats.max("partition") || !first || !last || !stats.min("log_epoch")) {
        throw Error(doing, fmt::format("{} has no stats that tell its partitions and offsets", add.path),
                    "Let the program that wrote it write stats, or rebuild into a new data directory.");
    }
    const bool ours = stats.min("log_epoch") == epoch && stats.max("log_epoch") == epoch;
    if (!ours && stats.min("log_epoch") != stats.max("log_epoch"))
        throw Error(doing, fmt::format("{} mixes topics", add.path));
    if (!ours) return FileFate::kept;
    check_partitions(stats, add, starts, doing);
    const auto [lowest, highest] = std::ranges::minmax(
        std::ranges::subrange(starts.begin() + *partition, starts.begin() + *stats.max("partition") + 1));
    if (bronze::Offset(*last) < lowest) return FileFate::kept;
    return bronze::Offset(*first) < highest ? FileFate::split : FileFate::replaced;
}

FileFate fate_of_quarantine_file(const storage::AddFile& add, int epoch,
                                 const std::vector<bronze::Offset>& starts, const std::string& doing) {
    const storage::FileStats stats(add);
    const auto partition = stats.min("partition");
    if (!partition || stats.min("log_epoch") != epoch || stats.max("log_epoch") != epoch)
        return FileFate::kept;
    check_partitions(stats, add, starts, doing);
    const bronze::Offset start = starts[static_cast<std::size_t>(*partition)];
    if (bronze::Offset(stats.max("offset").value_or(0)) < start) return FileFate::kept;
    if (bronze::Offset(stats.min("offset").value_or(0)) >= start) return FileFate::replaced;
    throw Error(
        doing,
        fmt::format("{} holds quarantined records that the log has removed, beside ones it still holds",
                    add.path),
        "They would be lost: rebuild into a new data directory instead.");
}

OldTables::OldTables(const catalog::DataDirectory& data, const bronze::EventLog& log)
    : data_(data),
      log_(log),
      silver_(
          storage::DeltaTable::open_or_create(data.silver(), *silver_schema(), silver_partition_columns())),
      quarantine_(storage::DeltaTable::open(data.quarantine())),
      identity_(catalog::identify(silver_.snapshot(), log)),
      starts_(log_starts(log)) {}

void OldTables::refuse_new_epoch() const {
    throw Error("rebuilding the tables",
                fmt::format("the topic {} was created again meanwhile", log_.topic()),
                "Start again; the old tables are still in place.");
}

void OldTables::reopen() {
    silver_ = storage::DeltaTable::open(data_.silver());
    if (catalog::identify(silver_.snapshot(), log_) != identity_) refuse_new_epoch();
    quarantine_ = storage::DeltaTable::open(data_.quarantine());
}

catalog::PartitionProgress OldTables::progress(int partition) const {
    return catalog::read_progress(silver_.snapshot(), log_, partition);
}

void OldTables::split_files(const std::set<std::string>& ours) {
    silver_removes_.clear();
    quarantine_removes_.clear();
    kept_.clear();
    kept_rows_ = 0;
    for (const auto& [path, add] : silver_.snapshot().files) split_silver_file(add);
    for (const auto& [path, add] : quarantine_.snapshot().files) {
        if (ours.contains(path)) continue;
        const FileFate fate = fate_of_quarantine_file(add, identity_.epoch, starts_, rebuilding(quarantine_));
        if (fate == FileFate::replaced) quarantine_removes_.push_back(removal_of(add));
    }
}

void OldTables::split_silver_file(const storage::AddFile& add) {
    const FileFate fate = fate_of_silver_file(add, identity_.epoch, starts_, rebuilding(silver_));
    if (fate == FileFate::kept) return keep(add);
    silver_removes_.push_back(removal_of(add));
    if (fate != FileFate::split) return;
    const auto [rest, missing] = split_off_.try_emplace(add.path);
    if (missing) rest->second = write_rows_before_start(add);
    if (rest->second) keep(*rest->second);
}

void OldTables::keep(const storage::AddFile& add) {
    kept_[add.path] = add;
    kept_rows_ += storage::FileStats(add).rows().value_or(0);
}

/// Writes the rows from before the log's beginning into a file of their own. Returns nothing if there are
/// none.
std::optional<storage::AddFile> OldTables::write_rows_before_start(const storage::AddFile& add) const {
    storage::AddFile kept = add;
    kept.path = add.path.substr(0, add.path.size() - std::string_view(".snappy.parquet").size()) +
                fmt::format("-kept-{}.snappy.parquet", model::to_us(base::now()));
    storage::ParquetWriter writer(silver_.root() / kept.path, silver_layout());
    const auto& table = *silver_layout().schema;
    storage::scan_parquet(silver_.root() / add.path, table, {}, [&](const arrow::RecordBatch& rows) {
        const auto& partitions = storage::column<arrow::Int32Array>(rows, "partition");
        const auto& offsets = storage::column<arrow::Int64Array>(rows, "offset");
        const auto is_before_start = [&](std::int64_t row) {
            if (partitions.IsNull(row) || offsets.IsNull(row)) return true;  // it is not of the log
            return bronze::Offset(offsets.Value(row)) <
                   starts_[static_cast<std::size_t>(partitions.Value(row))];
        };
        storage::append_kept_rows(writer, rows, is_before_start);
    });
    const storage::WrittenFile written = writer.finish();
    if (written.rows == 0) {
        std::filesystem::remove(silver_.root() / kept.path);
        return std::nullopt;
    }
    storage::describe(kept, written);
    base::sync_directory((silver_.root() / kept.path).parent_path());
    return kept;
}

std::vector<storage::AddFile> OldTables::split_off_files() const {
    std::vector<storage::AddFile> files;
    for (const storage::RemoveFile& remove : silver_removes_) {
        const auto rest = split_off_.find(remove.path);
        if (rest != split_off_.end() && rest->second) files.push_back(*rest->second);
    }
    return files;
}

/// Counts the rows of this log that stay.
std::vector<std::int64_t> OldTables::kept_rows_by_partition() const {
    std::vector<std::int64_t> rows(starts_.size());
    for (const auto& [path, add] : kept_) {
        const storage::FileStats stats(add);
        if (stats.min("log_epoch") != identity_.epoch) continue;
        if (stats.min("partition") == stats.max("partition")) {
            rows[static_cast<std::size_t>(stats.min("partition").value_or(0))] += stats.rows().value_or(0);
            continue;
        }
        const auto count = [&](const arrow::RecordBatch& batch) {
            const auto& partitions = storage::column<arrow::Int32Array>(batch, "partition");
            for (std::int64_t i = 0; i < batch.num_rows(); ++i)
                if (partitions.IsValid(i)) ++rows[static_cast<std::size_t>(partitions.Value(i))];
        };
        storage::scan_parquet(silver_.root() / path, *silver_layout().schema, {"partition"}, count);
    }
    return rows;
}

std::vector<catalog::PartitionProgress> OldTables::start_progress() const {
    const std::vector<std::int64_t> kept = kept_rows_by_partition();
    std::vector<catalog::PartitionProgress> progress_of;
    progress_of.reserve(kept.size());
    for (std::size_t p = 0; p < kept.size(); ++p)
        progress_of.push_back(start_progress_of(static_cast<int>(p), kept[p]));
    return progress_of;
}

catalog::PartitionProgress OldTables::start_progress_of(int partition, std::int64_t kept_rows) const {
    catalog::PartitionProgress start{.next_offset = starts_[static_cast<std::size_t>(partition)]};
    const catalog::PartitionProgress old = progress(partition);
    catalog::check_same_log(log_, partition, old);
    // It is not known which of the offsets before the start had no record: none, if the counts allow that.
    const std::int64_t passed = old.received + old.skipped - (old.next_offset - start.next_offset);
    start.received = std::clamp<std::int64_t>(passed, 0, old.received);
    // How many items the records had is known only where all of them have gone, or none.
    start.items = start.received == old.received ? old.items : start.received;
    start.ignored = start.received == old.received ? old.ignored : 0;
    start.skipped = std::max<std::int64_t>(0, passed) - start.received;
    if (start.received == 0) return start;
    for (const ItemPlace& item : quarantined_items(quarantine_, identity_, partition, bronze::Offset(0)))
        start.quarantined += item.offset < start.next_offset ? 1 : 0;
    start.items = std::max(start.items, start.quarantined + kept_rows + start.ignored);
    start.duplicates = start.items - start.quarantined - start.ignored - kept_rows;
    return start;
}

}  // namespace millrace::silver
