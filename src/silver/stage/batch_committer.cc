#include "silver/stage/batch_committer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "silver/stage/table_memory.h"
#include "storage/arrow_memory.h"

namespace millrace::silver {

namespace {

/// The records of a batch that is certainly part of a backlog, and of one that is not.
constexpr std::int64_t large_batch = 100'000;
constexpr std::int64_t small_batch = 10'000;
/// Columns with memory for fewer rows are always kept.
constexpr std::int64_t min_rows_to_free = 1'000;

}  // namespace

/// Looks up the records that the lanes held back. Meanwhile the lanes fill the next batch, and their counts
/// do not include the duplicates that are found here. So each batch adds the duplicates found in all batches
/// before it to the totals.
void BatchCommitter::settle(std::vector<LanePart>& parts) {
    if (std::ranges::any_of(parts, [](const LanePart& part) { return !part.held.empty(); }))
        settle_held(parts, sink_.root(), sink_.live_files(), context_, pool_);
    for (LanePart& part : parts) {
        for (PartitionPart& partition : part.partitions) {
            std::int64_t& found = partitions_.at(partition.partition).copies_in_table;
            found += partition.copies_in_table;
            partition.duplicates += partition.copies_in_table;
            partition.end.duplicates += found;
        }
    }
}

BatchCommitter::Result BatchCommitter::commit(std::vector<LanePart>& parts, std::uint32_t batch) {
    BatchReport report;
    report.batch = batch;
    report.fill_seconds = clock_.seconds() - fill_started_;
    fill_started_ = clock_.seconds();
    if (!std::ranges::any_of(parts, &LanePart::moved)) return Result::nothing_to_commit;
    for (const LanePart& part : parts) report.received += part.received();
    const base::Stopwatch lookup;
    settle(parts);
    report.lookup_seconds = lookup.seconds();
    if (on_parts_) on_parts_(parts);
    base::Stopwatch encode;
    WrittenFiles files = sink_.write(parts);
    report.encode_seconds = encode.lap();
    if (!sink_.commit(parts, std::move(files), context_.ids, report)) return Result::given_up;
    context_.ids.set_committed(batch);
    count(report, parts);
    if (on_batch_) on_batch_(report);
    pass_on(parts, report.version);
    free_memory_of_backlog(report.received);
    warn_of_full_memory(context_.ids);
    return Result::committed;
}

/// Passes the columns to Gold, or returns them to the pool.
void BatchCommitter::pass_on(std::vector<LanePart>& parts, storage::Version version) {
    if (commits_ != nullptr) {
        CommitQueue::Columns all;
        for (LanePart& part : parts) std::ranges::move(part.files, std::back_inserter(all));
        commits_->push(version, all);
        std::ranges::move(commits_->recycled(), std::back_inserter(all));
        for (auto& columns : all) context_.columns.recycle(std::move(columns));
        return;
    }
    for (LanePart& part : parts) {
        for (auto& columns : part.files) context_.columns.recycle(std::move(columns));
    }
}

/// Frees what a backlog needed once batches are small again. Gold returns columns later, so each small
/// batch looks for large ones, and memory is returned to the system when there are none left.
void BatchCommitter::free_memory_of_backlog(std::int64_t received) {
    had_large_batch_ |= received > large_batch;
    if (received > small_batch) return;
    const auto usual_rows = static_cast<std::size_t>(std::max(2 * received, min_rows_to_free));
    if (context_.columns.free_larger_than(usual_rows) > 0) return;
    if (std::exchange(had_large_batch_, false)) storage::return_free_memory();
}

/// Estimates how many records per second were appended to the log since the previous commit. The number is
/// that of the batch's records plus the change of the lag.
void BatchCommitter::note_input(BatchReport& report) {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> since = now - std::exchange(last_commit_, now);
    const std::int64_t lag_before = std::exchange(last_lag_, report.lag);
    if (lag_before < 0 || since.count() <= 0) return;
    const auto appended = std::max<std::int64_t>(0, report.received + report.lag - lag_before);
    report.input_per_second = static_cast<double>(appended) / since.count();
}

/// Adds up the counts of the lanes and publishes the progress for other threads.
void BatchCommitter::count(BatchReport& report, const std::vector<LanePart>& parts) {
    for (const LanePart& part : parts) {
        for (const PartitionPart& partition : part.partitions) {
            report.items += partition.items;
            report.ignored += partition.ignored;
            report.duplicates += partition.duplicates;
            report.quarantined += partition.quarantined;
            partitions_.at(partition.partition).committed = partition.end.next_offset;
            partitions_.at(partition.partition).skipped = partition.end.skipped;
        }
        for (const QuarantineRow& row : part.quarantine)
            ++report.by_rule[std::string(model::rule_name(row.rule))];
        for (const auto& [reason, count] : part.ignored)
            report.ignored_by_reason[std::string(reason)] += count;
        report.unknown_fields += part.unknown_fields;
    }
    report.silver = report.items - report.duplicates - report.quarantined - report.ignored;
    report.lag = partitions_.lag();
    note_input(report);
    report.ids_in_memory = static_cast<std::int64_t>(context_.ids.size());
    const double busy = std::max(report.fill_seconds, report.lookup_seconds + report.encode_seconds +
                                                          report.quarantine_seconds + report.commit_seconds);
    report.rows_per_second = busy > 0 ? static_cast<double>(report.received) / busy : 0;
}

}  // namespace millrace::silver
