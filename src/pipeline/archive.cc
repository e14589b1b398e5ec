#include "pipeline/archive.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/clock.h"
#include "base/fail_point.h"
#include "base/log.h"
#include "base/random_id.h"

namespace millrace::pipeline {

namespace {

constexpr std::size_t poll_bytes = 1 << 20;
constexpr auto follow_limit = std::chrono::milliseconds(200);

}  // namespace

base::json::object ArchiveReport::to_json() const {
    return {{"version", version},           {"records", records}, {"bytes", bytes},
            {"stored_bytes", stored_bytes}, {"lag", lag},         {"seconds", seconds}};
}

std::string ArchiveReport::line() const {
    return fmt::format("version {}: {} records, {} in {} of files, {:.2f} s, lag {}", version,
                       base::format_count(records), base::format_size(bytes), base::format_size(stored_bytes),
                       seconds, base::format_count(lag));
}

Archive::Archive(const DataDirectory& data, const bronze::EventLog& log, const ArchiveOptions& options,
                 base::WorkerPool& pool)
    : log_(log),
      options_(options),
      pool_(pool),
      table_(storage::DeltaTable::open_or_create(data.archive(), *archive_schema(), {})),
      run_id_(base::random_id()) {
    find_partitions();
}

void Archive::find_partitions() {
    log_.look_for_partitions();
    for (int p = static_cast<int>(partitions_.size()); p < log_.partitions(); ++p) {
        partitions_.emplace_back();
        partitions_.back().number = p;
        partitions_.back().end = log_.offsets(p).end;
    }
}

/// Goes on where the table says, whoever wrote that.
void Archive::take_up() {
    table_.refresh();
    for (Partition& partition : partitions_) {
        const int p = partition.number;
        partition.reader.reset();  // a log may serve one reader of a partition at a time
        PartitionProgress progress = read_progress(table_.snapshot(), log_, p);
        if (options_.continue_on_data_loss) {
            if (const auto other = find_other_log(log_, p, progress)) {
                spdlog::warn("archive: {} partition {}: {}, so the topic is taken for a new one",
                             log_.topic(), p, *other);
                begin_epoch(table_, log_);
                return take_up();
            }
            progress = past_lost_records(log_, p, progress);
        }
        check_same_log(log_, p, progress);
        partition.reader = log_.read(p, progress.next_offset);
        partition.progress = progress;
        partition.committed = progress.next_offset;
    }
}

/// Copies what the partition has, up to its share of a batch, into a file of its own.
void Archive::fill(Partition& partition, const base::StopSignal& stop) {
    const std::int64_t share = options_.batch_bytes / static_cast<std::int64_t>(partitions_.size());
    storage::AddFile add;
    add.path = fmt::format("part-{}-{}-{}.zstd.parquet", run_id_, batches_, partition.number);
    std::optional<storage::ParquetWriter> writer;
    partition.bytes = 0;
    partition.file.reset();
    while (partition.bytes < share && !stop.requested()) {
        auto records = partition.reader->poll(poll_bytes);
        if (options_.available_now) {
            const auto past = std::ranges::lower_bound(records, partition.end, {}, &bronze::Record::offset);
            records = records.first(static_cast<std::size_t>(past - records.begin()));
        }
        if (records.empty()) {
            bronze::Offset next = partition.reader->next_offset();
            if (options_.available_now)
                next = std::clamp(partition.end, partition.progress.next_offset, next);
            partition.progress.skipped += next - partition.progress.next_offset;
            partition.progress.next_offset = next;
            break;
        }
        if (!writer) writer.emplace(table_.root() / add.path, archive_layout());
        copy(partition, records, *writer);
    }
    if (!writer) return;
    storage::describe(add, writer->finish());
    partition.file = std::move(add);
}

void Archive::copy(Partition& partition, std::span<const bronze::Record> records,
                   storage::ParquetWriter& writer) {
    writer.append(*archive_rows(identity(), partition.number, {records.begin(), records.end()}));
    PartitionProgress& progress = partition.progress;
    const auto count = static_cast<std::int64_t>(records.size());
    const bronze::Offset next = records.back().offset + 1;
    progress.skipped += next - progress.next_offset - count;
    progress.received += count;
    progress.next_offset = next;
    progress.last_crc = record_crc(records.back());
    for (const bronze::Record& record : records)
        partition.bytes +=
            static_cast<std::int64_t>(record.key.size() + record.value.size() + record.headers.size());
}

/// False when another archiver has committed records of the same partitions.
bool Archive::commit(ArchiveReport& report) {
    base::sync_directory(table_.root());
    base::fail_point("archive.files.synced");
    storage::Commit commit;
    commit.operation = "STREAMING UPDATE";
    std::set<std::string> ours = {identity().epoch_app_id()};
    for (const Partition& partition : partitions_) {
        if (!partition.moved()) continue;
        ours.insert(identity().progress_app_id(partition.number));
        append_progress(commit.txns, identity(), partition.number, partition.progress);
        report.bytes += partition.bytes;
        report.records +=
            partition.progress.received - read_progress(table_.snapshot(), log_, partition.number).received;
        if (!partition.file) continue;
        report.stored_bytes += partition.file->size;
        commit.adds.push_back(*partition.file);
    }
    const auto version = table_.commit(std::move(commit), [&](const storage::Commit& other) {
        return !other.removes_data() && std::ranges::none_of(other.txns, [&](const storage::Txn& txn) {
            return ours.contains(txn.app_id);
        });
    });
    base::fail_point("archive.committed");
    if (!version) return false;
    report.version = *version;
    for (Partition& partition : partitions_) {
        partition.committed = partition.progress.next_offset;
        report.lag += std::max<std::int64_t>(0, log_.end_heard(partition.number) - partition.committed);
    }
    return true;
}

void Archive::run(const base::StopSignal& stop, const OnBatch& on_batch) {
    take_up();
    auto next_trigger = std::chrono::steady_clock::now();
    while (!stop.requested()) {
        const base::Stopwatch watch;
        ++batches_;
        std::vector<std::function<void()>> tasks;
        for (Partition& partition : partitions_) tasks.emplace_back([&] { fill(partition, stop); });
        pool_.run_all(std::move(tasks));
        if (std::ranges::any_of(partitions_, &Partition::moved)) {
            ArchiveReport report;
            if (!commit(report)) {
                spdlog::info("archive: another writer has committed; going on after it");
                take_up();
                continue;
            }
            report.seconds = watch.seconds();
            on_batch(report);
            const bool more = options_.available_now || report.lag > 0;
            if (more) continue;
        } else if (options_.available_now) {
            return;
        }
        next_trigger = std::max(next_trigger + options_.trigger, std::chrono::steady_clock::now());
        const auto pause = std::max<base::Duration>(
            follow_limit,
            std::chrono::duration_cast<base::Duration>(next_trigger - std::chrono::steady_clock::now()));
        if (stop.wait_for(pause)) return;
        const std::size_t known = partitions_.size();
        find_partitions();
        if (partitions_.size() > known) take_up();
    }
}

}  // namespace millrace::pipeline
