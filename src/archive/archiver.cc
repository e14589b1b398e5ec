#include "archive/archiver.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/clock.h"
#include "base/fail_point.h"
#include "base/log.h"
#include "base/random_id.h"

namespace millrace::archive {

namespace {

constexpr std::size_t poll_bytes = 1 << 20;
constexpr auto follow_limit = std::chrono::milliseconds(200);

}  // namespace

base::json::object ArchiveReport::to_json() const {
    return {{"version", version.value()},   {"records", records}, {"bytes", bytes},
            {"stored_bytes", stored_bytes}, {"lag", lag},         {"seconds", seconds}};
}

std::string ArchiveReport::line() const {
    return fmt::format("version {}: {} records, {} in {} of files, {:.2f} s, lag {}", version,
                       base::format_count(records), base::format_size(bytes), base::format_size(stored_bytes),
                       seconds, base::format_count(lag));
}

Archiver::Archiver(const catalog::DataDirectory& data, const bronze::EventLog& log,
                   const ArchiveOptions& options, base::WorkerPool& pool)
    : log_(log),
      options_(options),
      pool_(pool),
      table_(storage::DeltaTable::open_or_create(data.archive(), *archive_schema(), {})),
      run_id_(base::random_id()),
      data_loss_(options.continue_on_data_loss) {
    find_partitions();
}

void Archiver::find_partitions() {
    log_.look_for_partitions();
    for (int p = static_cast<int>(partitions_.size()); p < log_.partitions(); ++p) {
        partitions_.emplace_back();
        partitions_.back().number = p;
        partitions_.back().end = log_.offsets(p).end;
    }
}

/// Continues from where the newest version of the table has come to, whoever wrote it.
void Archiver::resume() {
    table_.refresh();
    std::vector<int> numbers;
    for (Partition& partition : partitions_) {
        partition.reader.reset();  // a log may allow one reader of a partition at a time
        numbers.push_back(partition.number);
    }
    if (data_loss_.requires_new_epoch(log_, table_.snapshot(), numbers)) {
        catalog::begin_epoch(table_, log_);
        table_.refresh();
    }
    for (Partition& partition : partitions_) {
        const int p = partition.number;
        const catalog::PartitionProgress archived = catalog::read_progress(table_.snapshot(), log_, p);
        partition.committed = archived.next_offset;
        partition.progress = data_loss_.resume(log_, p, archived);
        partition.reader = log_.read(p, partition.progress.next_offset);
    }
}

/// Copies records of the partition, up to its share of a batch, into a file of its own.
void Archiver::fill(Partition& partition, const base::StopSignal& stop) {
    const std::int64_t share = options_.batch_bytes / static_cast<std::int64_t>(partitions_.size());
    storage::AddFile add;
    add.path = fmt::format("part-{}-{}-{}.zstd.parquet", run_id_, batches_, partition.number);
    std::optional<storage::ParquetWriter> writer;
    partition.bytes = 0;
    partition.file.reset();
    partition.full = false;
    while (!stop.requested()) {
        if (partition.bytes >= share) {
            partition.full = true;
            break;
        }
        auto records = partition.reader->poll(poll_bytes);
        if (options_.available_now) records = catalog::before(records, partition.end);
        if (records.empty()) {
            bronze::Offset next = partition.reader->next_offset();
            if (options_.available_now)
                next = std::clamp(partition.end, partition.progress.next_offset, next);
            partition.progress.pass_to(next, 0);
            break;
        }
        if (!writer) writer.emplace(table_.root() / add.path, archive_layout());
        copy(partition, records, *writer);
    }
    if (!writer) return;
    storage::describe(add, writer->finish());
    partition.file = std::move(add);
}

void Archiver::copy(Partition& partition, std::span<const bronze::Record> records,
                    storage::ParquetWriter& writer) {
    writer.append(*archive_rows(catalog::identify(table_.snapshot(), log_), partition.number,
                                {records.begin(), records.end()}));
    catalog::PartitionProgress& progress = partition.progress;
    const auto count = static_cast<std::int64_t>(records.size());
    progress.pass_to(records.back().offset + 1, count);
    progress.received += count;
    progress.items += count;
    progress.last_crc = catalog::record_crc(records.back());
    for (const bronze::Record& record : records)
        partition.bytes +=
            static_cast<std::int64_t>(record.key.size() + record.value.size() + record.headers.size());
}

/// Commits the batch. Returns false when another archiver has committed records of the same partitions, or
/// the files have gone.
bool Archiver::commit(ArchiveReport& report) {
    base::sync_directory(table_.root());
    base::fail_point("archive.files.synced");
    storage::Commit commit;
    commit.operation = "STREAMING UPDATE";
    const catalog::LogIdentity log = catalog::identify(table_.snapshot(), log_);
    std::set<std::string> ours = {log.epoch_app_id()};
    for (const Partition& partition : partitions_) {
        if (!partition.moved()) continue;
        ours.insert(log.progress_app_id(partition.number));
        catalog::append_progress(commit.txns, log, partition.number, partition.progress);
        report.bytes += partition.bytes;
        report.records += partition.progress.received -
                          catalog::read_progress(table_.snapshot(), log_, partition.number).received;
        if (!partition.file) continue;
        report.stored_bytes += partition.file->size;
        commit.adds.push_back(*partition.file);
    }
    const auto version = table_.commit(std::move(commit), [&](const storage::Commit& other) {
        return !other.removes_data() && !other.moves_any(ours);
    });
    base::fail_point("archive.committed");
    if (!version) return false;
    report.version = *version;
    for (Partition& partition : partitions_) {
        partition.committed = partition.progress.next_offset;
        report.lag += std::max<std::int64_t>(0, log_.cached_end(partition.number) - partition.committed);
    }
    return true;
}

/// Fills the shares of all partitions. Returns false when the log has removed records that were to be read,
/// and the archiver has resumed after them.
bool Archiver::fill_all(const base::StopSignal& stop) {
    ++batches_;
    std::vector<std::function<void()>> tasks;
    tasks.reserve(partitions_.size());
    for (Partition& partition : partitions_) tasks.emplace_back([&] { fill(partition, stop); });
    try {
        pool_.run_all(std::move(tasks));
        return true;
    } catch (const bronze::NoSuchOffset& lost) {
        if (!data_loss_.tolerates_another()) throw;
        spdlog::warn("archive: {}", lost.what());
        resume();
        return false;
    }
}

/// Waits for the next trigger, and looks for new partitions. Returns false when `stop` is requested.
bool Archiver::wait(const base::StopSignal& stop) {
    const auto now = std::chrono::steady_clock::now();
    next_trigger_ = std::max(next_trigger_ + options_.trigger, now);
    const auto left = std::chrono::duration_cast<base::Duration>(next_trigger_ - now);
    if (stop.wait_for(std::max<base::Duration>(follow_limit, left))) return false;
    const std::size_t known = partitions_.size();
    try {
        find_partitions();
    } catch (const Error& error) {  // the broker is away, and the readers wait for it
        spdlog::warn("archive: {} (it is tried again)", error.what());
    }
    if (partitions_.size() > known) resume();
    return true;
}

void Archiver::run(const base::StopSignal& stop, const OnBatch& on_batch) {
    resume();
    next_trigger_ = std::chrono::steady_clock::now();
    while (!stop.requested()) {
        const base::Stopwatch watch;
        if (!fill_all(stop)) continue;
        const bool moved = std::ranges::any_of(partitions_, &Partition::moved);
        if (moved) {
            ArchiveReport report;
            if (!commit(report)) {
                spdlog::info(
                    "archive: another writer has committed, or files have gone; this batch is given up");
                resume();
                continue;
            }
            data_loss_.note_commit();
            report.seconds = watch.seconds();
            on_batch(report);
        }
        if (options_.available_now && !moved) return;
        if (options_.available_now || std::ranges::any_of(partitions_, &Partition::full)) continue;
        if (!wait(stop)) return;
    }
}

}  // namespace millrace::archive
