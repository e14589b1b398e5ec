#include "pipeline/rebuild.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "pipeline/quarantined_offsets.h"
#include "silver/silver_table.h"
#include "storage/column.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::pipeline {

namespace {

constexpr int most_rounds = 20;

storage::RemoveFile removal_of(const storage::AddFile& add) {
    return {add.path, add.partition_values, add.size, base::now_ms(), true};
}

}  // namespace

Rebuild::Rebuild(const DataDirectory& data, const bronze::EventLog& log, const ShopSettings& settings,
                 const SilverOptions& options)
    : data_(data),
      log_(log),
      settings_(settings),
      options_(options),
      writer_(data, log, pool_),
      silver_(storage::DeltaTable::open(data.silver())),
      quarantine_(storage::DeltaTable::open(data.quarantine())),
      progress_(static_cast<std::size_t>(log.partitions())) {
    options_.available_now = true;
    DataDirectory::validate(settings);
}

PartitionProgress Rebuild::progress(int partition) const {
    return progress_[static_cast<std::size_t>(partition)];
}

DatedIds Rebuild::find_ids(const DatedIds& wanted) const {
    const std::lock_guard lock(mutex_);
    return find_in_files(silver_.root(), fresh_.files, wanted);
}

/// The rows of a file from before the log's beginning, as a file of their own. Rows lie in offset order.
storage::AddFile Rebuild::keep_rows_before(const storage::AddFile& add, bronze::Offset start) {
    storage::AddFile kept = add;
    kept.path = add.path.substr(0, add.path.size() - std::string_view(".snappy.parquet").size()) +
                fmt::format("-kept-{}.snappy.parquet", base::now_us());
    storage::ParquetWriter writer(silver_.root() / kept.path, silver::silver_layout());
    storage::scan_parquet(silver_.root() / add.path, {}, [&](const arrow::RecordBatch& rows) {
        const auto& offsets = storage::column<arrow::Int64Array>(rows, "offset");
        std::int64_t from = 0;
        while (from < rows.num_rows()) {
            std::int64_t to = from;
            while (to < rows.num_rows() && offsets.Value(to) < start) ++to;
            if (to > from) writer.append(*rows.Slice(from, to - from));
            from = to + 1;
        }
    });
    const storage::WrittenFile written = writer.finish();
    base::sync_directory((silver_.root() / kept.path).parent_path());
    kept.size = written.bytes;
    kept.stats = written.stats;
    return kept;
}

void Rebuild::keep(const storage::AddFile& add, const storage::FileStats& stats) {
    fresh_.files[add.path] = add;
    report_.kept_rows += stats.rows().value_or(0);
}

/// Parts the old table's files into those that stay, since the log doesn't hold their records, and those that
/// go.
void Rebuild::split_old_files() {
    for (const auto& [path, add] : silver_.snapshot().files) {
        const storage::FileStats stats(add);
        const auto partition = stats.min("partition");
        const auto first = stats.min("offset");
        const auto last = stats.max("offset");
        if (!partition || partition != stats.max("partition") || !first || !last || !stats.min("log_epoch")) {
            throw Error(fmt::format("rebuilding {}", silver_.root().string()),
                        fmt::format("{} has no stats that tell its partition and offsets", path),
                        "Let the program that wrote it write stats, or rebuild into a new data directory.");
        }
        const bool ours = stats.min("log_epoch") == log_.epoch() && stats.max("log_epoch") == log_.epoch();
        if (!ours && stats.min("log_epoch") != stats.max("log_epoch")) {
            throw Error(fmt::format("rebuilding {}", silver_.root().string()),
                        fmt::format("{} mixes topics", path));
        }
        const bronze::Offset start = ours ? log_.offsets(static_cast<int>(*partition)).start : 0;
        if (!ours || *last < start) {
            keep(add, stats);
            continue;
        }
        silver_removes_.push_back(removal_of(add));
        if (*first >= start) continue;
        const storage::AddFile rest = keep_rows_before(add, start);
        keep(rest, storage::FileStats(rest));
        silver_adds_.push_back(rest);
    }
    for (const auto& [path, add] : quarantine_.snapshot().files) {
        const storage::FileStats stats(add);
        const auto partition = stats.min("partition");
        if (!partition || stats.min("log_epoch") != log_.epoch() || stats.max("log_epoch") != log_.epoch())
            continue;
        if (stats.max("offset").value_or(0) < log_.offsets(static_cast<int>(*partition)).start) continue;
        if (stats.min("offset").value_or(0) < log_.offsets(static_cast<int>(*partition)).start) {
            throw Error(
                fmt::format("rebuilding {}", quarantine_.root().string()),
                fmt::format(
                    "{} holds quarantined records that the log has removed, beside ones it still holds",
                    path),
                "They would be lost: rebuild into a new data directory instead.");
        }
        quarantine_removes_.push_back(removal_of(add));
    }
}

/// The counts of what stays, from which the rebuilt range goes on.
void Rebuild::start_progress() {
    std::vector<std::int64_t> kept(progress_.size());
    for (const auto& [path, add] : fresh_.files) {
        const storage::FileStats stats(add);
        if (stats.min("log_epoch") != log_.epoch()) continue;
        kept[static_cast<std::size_t>(stats.min("partition").value_or(0))] += stats.rows().value_or(0);
    }
    for (int p = 0; p < log_.partitions(); ++p) {
        const auto old =
            read_progress(silver_.snapshot(), log_.topic(), log_.epoch(), p, log_.offsets(p).start);
        check_same_log(log_, p, old);
        PartitionProgress& start = progress_[static_cast<std::size_t>(p)];
        start.next_offset = log_.offsets(p).start;
        start.received = old.received - (old.next_offset - start.next_offset);
        if (start.received == 0) continue;
        for (const bronze::Offset offset :
             quarantined_offsets(quarantine_, log_.topic(), log_.epoch(), p, 0)) {
            start.quarantined += offset < start.next_offset ? 1 : 0;
        }
        start.duplicates = start.received - start.quarantined - kept[static_cast<std::size_t>(p)];
    }
}

bool Rebuild::commit(const std::vector<LanePart>& parts, silver::IdSet& /*ids*/, BatchReport& report) {
    const auto adds = writer_.write_files(parts);
    for (auto& add : writer_.write_quarantine_files(parts)) quarantine_adds_.push_back(std::move(add));
    const std::lock_guard lock(mutex_);
    for (const auto& add : adds) {
        fresh_.files[add.path] = add;
        silver_adds_.push_back(add);
    }
    for (const LanePart& part : parts) {
        for (const PartitionPart& partition : part.partitions) {
            progress_[static_cast<std::size_t>(partition.partition)] = partition.end;
            report_.received += partition.received;
            report_.duplicates += partition.duplicates;
            report_.quarantined += partition.quarantined;
        }
    }
    report.files = static_cast<std::int64_t>(adds.size());
    return true;
}

/// Commits the new tables. False when another writer has committed data meanwhile, which has to be rebuilt
/// too.
bool Rebuild::put_in_place() {
    const auto unchanged = [](const storage::Commit& other) {
        // Joined files would come back beside the rebuilt ones, so any change starts another round.
        return other.adds.empty() && other.removes.empty();
    };
    storage::Commit quarantine;
    quarantine.operation = "REPLACE";
    quarantine.adds = quarantine_adds_;
    quarantine.removes = quarantine_removes_;
    storage::Commit silver;
    silver.operation = "REPLACE";
    silver.adds = silver_adds_;
    silver.removes = silver_removes_;
    for (int p = 0; p < log_.partitions(); ++p) {
        append_progress(silver.txns, log_.topic(), log_.epoch(), p, progress(p));
    }
    auto latest = storage::DeltaTable::open(silver_.root());
    if (latest.snapshot().version != silver_.snapshot().version) return false;
    if (!quarantine_.commit(std::move(quarantine), unchanged)) return false;
    base::fail_point("rebuild.quarantine.committed");
    const auto version = silver_.commit(std::move(silver), unchanged);
    base::fail_point("rebuild.silver.committed");
    if (version) report_.version = *version;
    return version.has_value();
}

RebuildReport Rebuild::run(const base::StopSignal& stop, const SilverStage::OnBatch& on_batch) {
    for (int round = 0; round < most_rounds; ++round) {
        silver_ = storage::DeltaTable::open(data_.silver());
        quarantine_ = storage::DeltaTable::open(data_.quarantine());
        fresh_ = storage::Snapshot();
        silver_removes_.clear();
        silver_adds_.clear();
        quarantine_removes_.clear();
        quarantine_adds_.clear();
        progress_.assign(progress_.size(), {});
        report_ = {};
        split_old_files();
        start_progress();
        SilverStage stage(*this, log_, settings_, options_, pool_);
        for (int p = 0; p < log_.partitions(); ++p) {
            const auto old =
                read_progress(silver_.snapshot(), log_.topic(), log_.epoch(), p, log_.offsets(p).start);
            stage.end_at(p, old.next_offset);
        }
        stage.on_batch(on_batch);
        stage.run(stop);
        if (stop.requested())
            throw Error("rebuilding the tables", "it was stopped; the old tables are still in place");
        data_.begin_rebuild();
        if (!put_in_place()) continue;
        data_.store(settings_);
        data_.end_rebuild();
        report_.silver = report_.received - report_.duplicates - report_.quarantined;
        return report_;
    }
    throw Error("rebuilding the tables",
                fmt::format("other writers committed during each of {} rounds", most_rounds),
                "Stop them (millrace run, millrace silver) and start again.");
}

}  // namespace millrace::pipeline
