#include "silver/ranges/range_committer.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "silver/ranges/row_drop.h"
#include "silver/stage/table_ids.h"
#include "storage/file_stats.h"

namespace millrace::silver {

namespace {

constexpr auto committing = "committing the results of tasks";
constexpr int max_attempts = 10;

}  // namespace

RangeCommitter::RangeCommitter(BatchSink& sink, const catalog::DataDirectory& data,
                               const bronze::EventLog& log, const model::ShopSettings& settings,
                               const Options& options, base::WorkerPool& pool)
    : sink_(sink), data_(data), log_(log), settings_(settings), options_(options), pool_(pool) {}

/// Loads what the newest version of the table has.
void RangeCommitter::load(const std::vector<RangeResult>& results) {
    sink_.refresh();
    log_.look_for_partitions();
    // The broker that answered may know fewer partitions than the one that the planner asked.
    int partitions = log_.partitions();
    for (const RangeResult& result : results) partitions = std::max(partitions, result.range.partition + 1);
    memory_ =
        std::make_unique<TableMemory>(settings_.rules, options_.dedupe_bytes, options_.horizon, partitions);
    memory_->load(sink_, settings_.dedupe_scope, [](int) { return true; }, pool_);
    quarantined_.clear();
    for (int p = 0; p < log_.partitions(); ++p) {
        const bronze::Offset next = sink_.progress(p).next_offset;
        memory_->horizon.set_caught_up(p, next >= log_.offsets(p).end);
        if (auto items = sink_.quarantined(p, next); !items.empty()) quarantined_[p] = std::move(items);
    }
}

/// Whether the first range of each partition begins where the snapshot's progress ends.
bool RangeCommitter::continues(const std::vector<RangeResult>& results) const {
    std::optional<int> previous;
    for (const RangeResult& result : results) {
        const RecordRange& range = result.range;
        if (range.epoch != sink_.identity().epoch || range.partition >= memory_->horizon.partitions())
            return false;
        if (previous != range.partition && range.committed != sink_.progress(range.partition).next_offset)
            return false;
        previous = range.partition;
    }
    return true;
}

/// Whether a stage that had processed the table's records and the ranges before would have made the same of
/// the range, apart from copies.
bool RangeCommitter::is_exact(const RangeResult& result) {
    const bool has_known_types = std::ranges::all_of(result.files.silver, [&](const auto& file) {
        return memory_->types.admit(storage::partition_value(file, "event_type"));
    });
    const auto left = quarantined_.find(result.range.partition);
    if (left == quarantined_.end()) return has_known_types;
    const auto first = left->second.lower_bound({.offset = result.range.committed});
    return has_known_types && (first == left->second.end() || first->offset >= result.range.end);
}

RangeResult RangeCommitter::process_again(RecordRange range, bronze::Offset from) {
    range.committed = from;
    range.start = std::max(from, range.start);
    spdlog::info("silver: processing {} partition {}, offsets {} to {}, again", log_.topic(), range.partition,
                 range.start, range.end);
    const auto left = quarantined_.find(range.partition);
    return process_range({data_, log_, settings_, memory_->types, pool_}, range,
                         left == quarantined_.end() ? ItemPlaces() : left->second);
}

/// Leaves out what the table has already, and processes again what was not made as a stage would make it.
void RangeCommitter::select(std::vector<RangeResult>& results) {
    const int epoch = sink_.identity().epoch;
    std::map<int, bronze::Offset> ends;
    std::vector<RangeResult> selected;
    for (RangeResult& result : results) {
        const RecordRange range = result.range;
        auto& next =
            ends.try_emplace(range.partition, sink_.progress(range.partition).next_offset).first->second;
        if (range.epoch < epoch || range.end <= next) continue;
        if (range.epoch > epoch || range.committed > next)
            throw Error(
                committing,
                fmt::format("the table has {} partition {} up to offset {}, and the results begin at {}",
                            log_.topic(), range.partition, next, range.committed),
                "The table was replaced by an older one meanwhile. Start the job again: it continues "
                "where the table's progress ends.");
        if (range.committed < next || !is_exact(result)) result = process_again(range, next);
        next = range.end;
        selected.push_back(std::move(result));
    }
    results = std::move(selected);
}

/// The rows whose events the table has, or rows of ranges before. Adds the ids of all others to the memory.
std::set<RangeCommitter::Place> RangeCommitter::find_copies(const std::vector<RangeResult>& results) {
    constexpr std::size_t ahead = 16;  // ids whose slots are being loaded
    struct Uncertain {
        Place place;
        IdHash id;
        model::Timestamp time;
        model::Timestamp horizon_start;
    };
    std::set<Place> copies;
    std::vector<Uncertain> uncertain;
    IdSet& ids = memory_->ids;
    for (std::size_t r = 0; r < results.size(); ++r) {
        for (std::size_t f = 0; f < results[r].ids.size(); ++f) {
            const FileIds& file = results[r].ids[f];
            for (std::size_t row = 0; row < file.hashes.size(); ++row) {
                if (row + ahead < file.hashes.size()) ids.prefetch(file.hashes[row + ahead]);
                const model::Timestamp time = model::from_us(file.times[row]);
                const Place place{r, f, static_cast<std::int64_t>(row)};
                if (!ids.insert(file.hashes[row], time, batch_)) {
                    copies.insert(place);
                } else if (ids.shortened() || time < ids.floor()) {
                    uncertain.push_back({place, file.hashes[row], time, ids.horizon_start()});
                }
            }
        }
        const PartitionPart& part = results[r].part;
        if (part.end.clock)
            memory_->horizon.advance(part.partition, *part.end.clock, model::to_wall_time(*part.end.clock));
        ids.allow_dropping_before(memory_->horizon.start());
    }
    if (uncertain.empty()) return copies;
    IdQuery query(ids.floor());
    for (const Uncertain& each : uncertain)
        query.add(each.id, each.time, results[each.place.result].range.partition, each.horizon_start);
    const IdHashes found =
        find_in_files(sink_.root(), sink_.live_files(), query, settings_.dedupe_scope, pool_);
    for (const Uncertain& each : uncertain) {
        if (found.contains(each.id)) copies.insert(each.place);
    }
    return copies;
}

/// Writes the files that have copies once more, without them.
void RangeCommitter::drop_copies(std::vector<RangeResult>& results) {
    const std::set<Place> copies = find_copies(results);
    std::vector<std::function<void()>> tasks;
    for (auto from = copies.begin(); from != copies.end();) {
        const auto to = std::find_if(from, copies.end(), [&](const Place& place) {
            return place.result != from->result || place.file != from->file;
        });
        std::vector<std::int64_t> rows;
        std::transform(from, to, std::back_inserter(rows), [](const Place& place) { return place.row; });
        RangeResult& result = results[from->result];
        result.part.duplicates += static_cast<std::int64_t>(rows.size());
        tasks.emplace_back([this, rows = std::move(rows), &file = result.files.silver[from->file],
                            &ids = result.ids[from->file]] {
            drop_rows(sink_.root(), file, rows);
            drop_rows(ids, rows);
        });
        from = to;
    }
    pool_.run_all(std::move(tasks));
    for (RangeResult& result : results) {
        std::erase_if(result.files.silver, [](const storage::AddFile& file) { return file.path.empty(); });
        std::erase_if(result.ids, [](const FileIds& ids) { return ids.hashes.empty(); });
    }
}

/// The progress of the partitions after the batch.
LanePart RangeCommitter::part_of(const std::vector<RangeResult>& results) const {
    LanePart all;
    for (const RangeResult& result : results) {
        const PartitionPart& some = result.part;
        if (all.partitions.empty() || all.partitions.back().partition != some.partition) {
            const auto progress = sink_.progress(some.partition);
            all.partitions.push_back({.partition = some.partition,
                                      .first_offset = progress.next_offset,
                                      .end = progress,
                                      .oldest = some.oldest});
            all.partitions.back().end.decode_with(some.end.decoder);
        }
        PartitionPart& part = all.partitions.back();
        part.add_counts(some);
        part.end.next_offset = some.end.next_offset;
        part.end.skipped += some.end.skipped;
        part.end.clock = memory_->horizon.clock(some.partition);
        if (some.received > 0) part.end.last_crc = some.end.last_crc;
    }
    for (PartitionPart& part : all.partitions) part.count_in_progress();
    return all;
}

void RangeCommitter::count(BatchReport& report, const std::vector<RangeResult>& results) const {
    report.batch = batch_;
    for (const RangeResult& result : results) {
        report.received += result.part.received;
        report.items += result.part.items;
        report.duplicates += result.part.duplicates;
        report.quarantined += result.part.quarantined;
        report.ignored += result.part.ignored;
        report.unknown_fields += result.unknown_fields;
        for (const auto& [rule, items] : result.by_rule) report.by_rule[rule] += items;
        for (const auto& [reason, items] : result.ignored) report.ignored_by_reason[reason] += items;
    }
    report.silver = report.items - report.duplicates - report.quarantined - report.ignored;
    for (int p = 0; p < log_.partitions(); ++p)
        report.lag += std::max<std::int64_t>(0, log_.offsets(p).end - sink_.progress(p).next_offset);
    report.ids_in_memory = static_cast<std::int64_t>(memory_->ids.size());
}

/// Returns nothing if another program has committed meanwhile.
std::optional<BatchReport> RangeCommitter::try_to_commit(std::vector<RangeResult>& results) {
    BatchReport report;
    select(results);
    if (results.empty()) return report;
    ++batch_;
    const base::Stopwatch lookup;
    drop_copies(results);
    report.lookup_seconds = lookup.seconds();
    std::vector<LanePart> parts;
    parts.push_back(part_of(results));
    WrittenFiles files;
    for (const RangeResult& result : results) {
        std::ranges::copy(result.files.silver, std::back_inserter(files.silver));
        std::ranges::copy(result.files.quarantine, std::back_inserter(files.quarantine));
    }
    if (!sink_.commit(parts, std::move(files), memory_->ids, report)) return std::nullopt;
    memory_->ids.set_committed(batch_);
    warn_of_full_memory(memory_->ids);
    for (const PartitionPart& part : parts.front().partitions) {
        memory_->horizon.set_caught_up(part.partition,
                                       part.end.next_offset >= log_.offsets(part.partition).end);
    }
    count(report, results);
    return report;
}

BatchReport RangeCommitter::commit(std::vector<RangeResult> results) {
    std::ranges::sort(results, {}, [](const RangeResult& result) {
        return std::tuple(result.range.partition, result.range.committed, result.range.end);
    });
    for (int attempt = 0; attempt < max_attempts; ++attempt) {
        if (memory_ == nullptr || !continues(results)) load(results);
        try {
            if (const auto report = try_to_commit(results)) return *report;
        } catch (...) {
            memory_ = nullptr;  // it may have ids of rows that are not committed
            throw;
        }
        memory_ = nullptr;
        spdlog::info("silver: another program has committed meanwhile; looking at the table again");
    }
    throw Error(committing,
                fmt::format("other programs have committed during each of {} attempts", max_attempts),
                "Let one program at a time process the topic.");
}

}  // namespace millrace::silver
