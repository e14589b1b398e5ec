#include "silver/stage/replay.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/error.h"
#include "base/fail_point.h"
#include "catalog/table_locks.h"
#include "silver/silver_table.h"
#include "silver/stage/quarantined_offsets.h"
#include "storage/column.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::silver {

namespace {

constexpr int max_rounds = 20;
/// Rounds while writers go on, before the last one that they wait for; and how short that is to be.
constexpr int max_unlocked_rounds = 5;
constexpr std::int64_t short_round = 500'000;

storage::RemoveFile removal_of(const storage::AddFile& add) {
    return {add.path, add.partition_values, add.size, base::now_ms(), true};
}

}  // namespace

Replay::Replay(const catalog::DataDirectory& data, const bronze::EventLog& log,
               const model::ShopSettings& settings, const SilverOptions& options)
    : data_(data),
      log_(log),
      settings_(settings),
      options_(options),
      writer_(data, log, settings, pool_),
      silver_(
          storage::DeltaTable::open_or_create(data.silver(), *silver_schema(), silver_partition_columns())),
      quarantine_(storage::DeltaTable::open(data.quarantine())),
      identity_(catalog::identify(silver_.snapshot(), log)),
      progress_(static_cast<std::size_t>(log.partitions())) {
    options_.available_now = true;
    options_.continue_on_data_loss = false;
    catalog::DataDirectory::validate(settings);
}

catalog::PartitionProgress Replay::progress(int partition) const {
    return progress_[static_cast<std::size_t>(partition)];
}

/// A rebuild is of one log.
void Replay::begin_epoch() {
    throw Error("rebuilding the tables", fmt::format("the topic {} was made anew meanwhile", log_.topic()),
                "Start again; the old tables are still in place.");
}

/// The rows of a file from before the log's beginning, as a file of their own. Rows lie in offset order.
storage::AddFile Replay::keep_rows_before(const storage::AddFile& add, bronze::Offset start) {
    storage::AddFile kept = add;
    kept.path = add.path.substr(0, add.path.size() - std::string_view(".snappy.parquet").size()) +
                fmt::format("-kept-{}.snappy.parquet", base::now_us());
    storage::ParquetWriter writer(silver_.root() / kept.path, silver_layout());
    const auto& table = *silver_layout().schema;
    storage::scan_parquet(silver_.root() / add.path, table, {}, [&](const arrow::RecordBatch& rows) {
        const auto& offsets = storage::column<arrow::Int64Array>(rows, "offset");
        std::int64_t from = 0;
        while (from < rows.num_rows()) {
            std::int64_t to = from;
            while (to < rows.num_rows() && offsets.Value(to) < start) ++to;
            if (to > from) writer.append(*rows.Slice(from, to - from));
            from = to + 1;
        }
    });
    storage::describe(kept, writer.finish());
    base::sync_directory((silver_.root() / kept.path).parent_path());
    return kept;
}

void Replay::keep(const storage::AddFile& add) {
    fresh_.files[add.path] = add;
    report_.kept_rows += storage::FileStats(add).rows().value_or(0);
}

/// Looks at the old tables as they are now, and parts their files into those that stay, since the log didn't
/// hold their records any more when the rebuild began, and those that go.
void Replay::split_old_files() {
    silver_ = storage::DeltaTable::open(data_.silver());
    if (catalog::identify(silver_.snapshot(), log_) != identity_) begin_epoch();
    quarantine_ = storage::DeltaTable::open(data_.quarantine());
    silver_removes_.clear();
    quarantine_removes_.clear();
    report_.kept_rows = 0;
    fresh_ = storage::Snapshot();
    for (const auto& add : rebuilt_) fresh_.files[add.path] = add;
    split_silver_files();
    split_quarantine_files();
}

void Replay::split_silver_files() {
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
        const bool ours =
            stats.min("log_epoch") == identity_.epoch && stats.max("log_epoch") == identity_.epoch;
        if (!ours && stats.min("log_epoch") != stats.max("log_epoch")) {
            throw Error(fmt::format("rebuilding {}", silver_.root().string()),
                        fmt::format("{} mixes topics", path));
        }
        const bronze::Offset start = ours ? starts_[static_cast<std::size_t>(*partition)] : 0;
        if (!ours || *last < start) {
            keep(add);
            continue;
        }
        silver_removes_.push_back(removal_of(add));
        if (*first >= start) continue;
        const auto [rest, missing] = rests_.try_emplace(path);
        if (missing) rest->second = keep_rows_before(add, start);
        keep(rest->second);
    }
}

void Replay::split_quarantine_files() {
    for (const auto& [path, add] : quarantine_.snapshot().files) {
        // Committed in a round whose silver commit failed.
        if (std::erase_if(quarantine_adds_, [&](const auto& ours) { return ours.path == path; }) > 0)
            quarantine_committed_.insert(path);
        if (quarantine_committed_.contains(path)) continue;
        const storage::FileStats stats(add);
        const auto partition = stats.min("partition");
        if (!partition || stats.min("log_epoch") != identity_.epoch ||
            stats.max("log_epoch") != identity_.epoch)
            continue;
        const bronze::Offset start = starts_[static_cast<std::size_t>(*partition)];
        if (stats.max("offset").value_or(0) < start) continue;
        if (stats.min("offset").value_or(0) < start) {
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
void Replay::start_progress() {
    std::vector<std::int64_t> kept(progress_.size());
    for (const auto& [path, add] : fresh_.files) {
        const storage::FileStats stats(add);
        if (stats.min("log_epoch") != identity_.epoch) continue;
        kept[static_cast<std::size_t>(stats.min("partition").value_or(0))] += stats.rows().value_or(0);
    }
    for (int p = 0; p < log_.partitions(); ++p) {
        catalog::PartitionProgress& start = progress_[static_cast<std::size_t>(p)];
        start.next_offset = starts_[static_cast<std::size_t>(p)];
        const auto old = catalog::read_progress(silver_.snapshot(), log_, p);
        catalog::check_same_log(log_, p, old);
        // Of what was passed before the start, it isn't known which offsets had no record: none, if that can
        // be.
        const std::int64_t passed = old.received + old.skipped - (old.next_offset - start.next_offset);
        start.received = std::clamp<std::int64_t>(passed, 0, old.received);
        start.skipped = std::max<std::int64_t>(0, passed) - start.received;
        if (start.received == 0) continue;
        for (const bronze::Offset offset : quarantined_offsets(quarantine_, identity_, p, 0)) {
            start.quarantined += offset < start.next_offset ? 1 : 0;
        }
        start.duplicates = start.received - start.quarantined - kept[static_cast<std::size_t>(p)];
    }
}

bool Replay::commit(const std::vector<LanePart>& parts, IdSet& /*ids*/, BatchReport& report) {
    const auto adds = writer_.write_files(parts);
    for (auto& add : writer_.write_quarantine_files(parts)) quarantine_adds_.push_back(std::move(add));
    for (const auto& add : adds) {
        fresh_.files[add.path] = add;
        rebuilt_.push_back(add);
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

/// Records that the old table has processed and this rebuild has not.
std::int64_t Replay::left_behind() const {
    std::int64_t records = 0;
    for (int p = 0; p < log_.partitions(); ++p) {
        const auto old = catalog::read_progress(silver_.snapshot(), log_, p);
        records += std::max<std::int64_t>(0, old.next_offset - progress(p).next_offset);
    }
    return records;
}

/// Processes the log from where this rebuild has come to, up to where the old table has.
void Replay::catch_up(const base::StopSignal& stop, const BatchCommitter::OnBatch& on_batch) {
    SilverStage stage(*this, log_, settings_, options_, pool_);
    for (int p = 0; p < log_.partitions(); ++p) {
        stage.end_at(p, catalog::read_progress(silver_.snapshot(), log_, p).next_offset);
    }
    stage.on_batch(on_batch);
    stage.run(stop);
    if (stop.requested())
        throw Error("rebuilding the tables", "it was stopped; the old tables are still in place");
}

storage::Commit Replay::silver_commit() const {
    storage::Commit commit;
    commit.operation = "REPLACE";
    commit.removes = silver_removes_;
    commit.adds = rebuilt_;
    for (const storage::RemoveFile& remove : silver_removes_) {
        const auto rest = rests_.find(remove.path);
        if (rest != rests_.end()) commit.adds.push_back(rest->second);
    }
    for (int p = 0; p < log_.partitions(); ++p) {
        catalog::append_progress(commit.txns, identity_, p, progress(p));
    }
    return commit;
}

/// Records that the old table has counted must have been found again: a gap in the archive, or in the log,
/// would take their rows away.
void Replay::check_nothing_missing() const {
    for (int p = 0; p < log_.partitions(); ++p) {
        const std::int64_t missing =
            progress(p).skipped - catalog::read_progress(silver_.snapshot(), log_, p).skipped;
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

/// A rebuild may take longer than vacuum waits for files that no commit names.
void Replay::check_files_there() const {
    const auto check = [](const storage::DeltaTable& table, const std::vector<storage::AddFile>& files) {
        for (const storage::AddFile& add : files) {
            if (std::filesystem::exists(table.root() / add.path)) continue;
            throw Error("rebuilding the tables",
                        fmt::format("{} was removed meanwhile, as a file that no commit names",
                                    (table.root() / add.path).string()),
                        "Start again, and run no vacuum beside it; the old tables are still in place.");
        }
    };
    check(silver_, silver_commit().adds);
    check(quarantine_, quarantine_adds_);
}

/// Commits the new tables. False when a commit of others came in between: a program's that doesn't know the
/// commit lock, or one from before it was taken. What they committed has to be rebuilt too.
bool Replay::put_in_place() {
    const auto unchanged = [](const storage::Commit& other) {
        // Joined files would come back beside the rebuilt ones, so any change starts another round.
        return other.adds.empty() && other.removes.empty();
    };
    const auto latest = storage::DeltaTable::open(silver_.root());
    if (latest.snapshot().version != silver_.snapshot().version) return false;
    if (left_behind() > 0) return false;  // files that were committed after the last round would go, unread
    check_nothing_missing();
    check_files_there();
    data_.begin_rebuild();
    storage::Commit quarantine;
    quarantine.operation = "REPLACE";
    quarantine.adds = quarantine_adds_;
    quarantine.removes = quarantine_removes_;
    for (int p = 0; p < log_.partitions();
         ++p) {  // so that a writer that waits gives up its quarantined rows
        quarantine.txns.push_back({identity_.progress_app_id(p), progress(p).next_offset, base::now_ms()});
    }
    if (!quarantine_.commit(std::move(quarantine), unchanged)) {
        if (quarantine_committed_.empty()) data_.end_rebuild();  // nothing stands of this rebuild
        return false;
    }
    base::fail_point("rebuild.quarantine.committed");
    const auto version = silver_.commit(silver_commit(), unchanged);
    base::fail_point("rebuild.silver.committed");
    if (version) report_.version = *version;
    return version.has_value();
}

ReplayReport Replay::run(const base::StopSignal& stop, const BatchCommitter::OnBatch& on_batch) {
    for (int p = 0; p < log_.partitions(); ++p) starts_.push_back(log_.offsets(p).start);
    split_old_files();
    start_progress();
    catch_up(stop, on_batch);
    base::fail_point("rebuild.caught_up");
    for (int round = 0; round < max_unlocked_rounds; ++round) {
        split_old_files();
        if (left_behind() <= short_round) break;
        catch_up(stop, on_batch);
    }
    // From here on local writers wait, so that the rest is soon done.
    auto commits = catalog::commit_lock(data_);
    const std::lock_guard lock(commits);
    for (int round = 0; !put_in_place(); ++round) {
        if (round == max_rounds) {
            throw Error("rebuilding the tables",
                        fmt::format("other programs committed during each of {} rounds", max_rounds),
                        "Stop those that write to the tables and start again.");
        }
        split_old_files();
        catch_up(stop, on_batch);
    }
    data_.store(settings_);
    data_.end_rebuild();
    report_.silver = report_.received - report_.duplicates - report_.quarantined;
    return report_;
}

}  // namespace millrace::silver
