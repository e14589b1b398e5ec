#include "silver/ranges/range_planner.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "storage/file_stats.h"

namespace millrace::silver {

namespace {

/// A smaller range costs more to begin than to process.
constexpr std::int64_t min_task_records = 10'000;
/// How much of a partition is read to learn how long its records are.
constexpr std::size_t sample_bytes = 64 << 10;

}  // namespace

RangePlanner::RangePlanner(BatchSink& table, const bronze::EventLog& log, bool continue_on_data_loss)
    : table_(table), log_(log), data_loss_(continue_on_data_loss) {}

/// Looks whether the log is still the one that the table is of: before each batch, and when it has become
/// shorter than the table's progress.
void RangePlanner::check_log() {
    bool is_shorter = false;
    for (int p = 0; p < log_.partitions(); ++p)
        is_shorter |= log_.offsets(p).end < table_.progress(p).next_offset;
    if (is_checked_ && !is_shorter) return;
    std::vector<int> all(static_cast<std::size_t>(log_.partitions()));
    std::iota(all.begin(), all.end(), 0);
    if (data_loss_.requires_new_epoch(log_, table_.snapshot(), all)) {
        table_.begin_epoch();
        table_.refresh();
    }
    for (const int partition : all) (void)data_loss_.resume(log_, partition, table_.progress(partition));
    is_checked_ = true;
}

PartitionEnds RangePlanner::progress() {
    log_.look_for_partitions();
    table_.refresh();
    check_log();
    PartitionEnds progress;
    for (int p = 0; p < log_.partitions(); ++p) progress[p] = table_.progress(p).next_offset;
    return progress;
}

PartitionEnds RangePlanner::log_ends() const {
    log_.look_for_partitions();
    PartitionEnds ends;
    for (int p = 0; p < log_.partitions(); ++p) ends[p] = log_.offsets(p).end;
    return ends;
}

/// How many offsets the table lacks up to these ends.
std::int64_t RangePlanner::waiting(const PartitionEnds& ends) const {
    std::int64_t offsets = 0;
    for (const auto& [partition, end] : ends) {
        if (partition < log_.partitions())
            offsets += std::max<std::int64_t>(0, end - table_.progress(partition).next_offset);
    }
    return offsets;
}

/// The mean size of the records that come next, in bytes.
double RangePlanner::bytes_of_record(const PartitionEnds& from) const {
    std::size_t bytes = 0;
    std::size_t records = 0;
    for (const auto& [partition, offset] : from) {
        const bronze::Offset start = std::max(offset, log_.offsets(partition).start);
        try {
            for (const bronze::Record& record : log_.read(partition, start)->poll(sample_bytes)) {
                bytes += record.key.size() + record.value.size() + record.headers.size();
                ++records;
            }
        } catch (const bronze::NoSuchOffset&) {  // it was removed meanwhile; another partition tells as well
        }
    }
    return records == 0 ? 1 : std::max(1.0, static_cast<double>(bytes) / static_cast<double>(records));
}

PartitionEnds RangePlanner::next_batch(const PartitionEnds& ends, const BatchLimits& limits) {
    const PartitionEnds from = progress();
    const std::int64_t all = waiting(ends);
    std::int64_t most = limits.records > 0 ? limits.records : all;
    if (limits.bytes > 0 && all > min_task_records)
        most = std::min(most,
                        static_cast<std::int64_t>(static_cast<double>(limits.bytes) / bytes_of_record(from)));
    most = std::max<std::int64_t>(1, most);
    const double share = all > most ? static_cast<double>(most) / static_cast<double>(all) : 1;
    PartitionEnds batch;
    for (const auto& [partition, start] : from) {
        const auto end = ends.find(partition);
        if (end == ends.end() || end->second <= start) {
            batch[partition] = end == ends.end() ? start : end->second;
            continue;
        }
        const auto records = static_cast<double>(end->second - start);
        batch[partition] = start + static_cast<std::int64_t>(std::ceil(records * share));
    }
    return batch;
}

/// Where reading begins, past records that the log has lost.
bronze::Offset RangePlanner::first_to_read(int partition) const {
    const catalog::PartitionProgress progress = table_.progress(partition);
    if (progress.next_offset >= log_.offsets(partition).start) return progress.next_offset;
    return data_loss_.resume(log_, partition, progress).next_offset;
}

std::vector<RecordRange> RangePlanner::divide(const PartitionEnds& ends, const TaskSizes& sizes) {
    is_checked_ = false;
    const PartitionEnds from = progress();
    const std::int64_t share = waiting(ends) / std::max(1, sizes.tasks) + 1;
    const std::int64_t most =
        std::clamp<std::int64_t>(sizes.most_records, 1, std::max(share, min_task_records));
    const int epoch = table_.identity().epoch;
    std::vector<RecordRange> ranges;
    for (const auto& [partition, committed] : from) {
        const auto end = ends.find(partition);
        if (end == ends.end()) continue;
        // A checkpoint may be of a topic that was longer.
        const bronze::Offset last = std::min(end->second, log_.offsets(partition).end);
        if (last <= committed) continue;
        bronze::Offset next = committed;
        bronze::Offset start = first_to_read(partition);
        const std::int64_t left = std::max<std::int64_t>(0, last - start);
        const std::int64_t count = std::max<std::int64_t>(1, (left + most - 1) / most);
        for (std::int64_t i = 1; i <= count; ++i) {
            // Ranges of a partition are equally long, since its last task would have little to do otherwise.
            const bronze::Offset until = i == count ? last : last - left + left * i / count;
            ranges.push_back({partition, epoch, next, std::min(start, until), until});
            next = start = until;
        }
    }
    return ranges;
}

std::vector<std::string> RangePlanner::event_types() const {
    std::set<std::string> types;
    for (const auto& [path, file] : table_.snapshot().files)
        types.emplace(storage::partition_value(file, "event_type"));
    return {types.begin(), types.end()};
}

}  // namespace millrace::silver
