#include "silver/ranges/range_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <limits>
#include <utility>

#include "base/error.h"
#include "catalog/partition_progress.h"

namespace millrace::silver {

namespace {

/// The rows of a file: more would need memory that a task may not have, and fewer make many files.
constexpr LaneLimits part_limits{.rows = 125'000, .bytes = 64LL << 20, .files = 512};
/// All ids of a range are held: it has neither a limit of memory nor, in effect, a horizon.
constexpr std::size_t id_memory = std::size_t{1} << 40U;
constexpr base::Duration endless = std::chrono::years(10'000);
constexpr std::uint32_t only_batch = 1;

constexpr auto poll_wait = std::chrono::milliseconds(200);
constexpr auto longest_silence = std::chrono::minutes(1);

std::string processing(const bronze::EventLog& log, const RecordRange& range) {
    return fmt::format("processing {} partition {}, offsets {} to {}", log.topic(), range.partition,
                       range.start, range.end);
}

/// The ids of the rows of a file to be.
FileIds ids_of(const BatchFiles::FileRows& rows, model::DedupeScope scope) {
    FileIds ids;
    for (const EventColumns* columns : rows) {
        ids.hashes.reserve(ids.hashes.size() + columns->rows());
        ids.times.reserve(ids.hashes.capacity());
        for (std::size_t row = 0; row < columns->rows(); ++row) {
            ids.hashes.push_back(hash_id(columns->event_id(row), scope, columns->partition()));
            ids.times.push_back(columns->event_time(row));
        }
    }
    return ids;
}

}  // namespace

RangeWorker::RangeWorker(const Context& context, const RecordRange& range, ItemPlaces quarantined)
    : context_(context),
      ids_(id_memory),
      horizon_(endless, std::max(context.log.partitions(), range.partition + 1)),
      lane_({context.log, context.settings, context.types, ids_, horizon_, columns_}, {range.partition},
            part_limits),
      files_(context.data, context.pool) {
    if (context.log.offsets(range.partition).end < range.end)
        throw Error(processing(context.log, range),
                    fmt::format("the log ends at offset {}", context.log.offsets(range.partition).end),
                    "Start the job again: it continues where the table's progress ends.");
    result_.range = range;
    catalog::PartitionProgress progress{.next_offset = range.committed};
    progress.decode_with(decoder_version);
    progress.pass_to(range.start, 0);
    result_.part = {.partition = range.partition, .first_offset = range.committed, .end = progress};
    if (range.start >= range.end) return;  // all of it is lost: the log has nothing to read there
    lane_.assign(
        {range.partition, range.epoch, range.committed, progress, std::move(quarantined), range.end});
}

/// Processes records until the part is full or the range has ended.
void RangeWorker::fill() {
    auto last_progress = std::chrono::steady_clock::now();
    while (!lane_.full() && !lane_.finished()) {
        const std::uint32_t seen = context_.log.append_sequence();
        const bronze::Offset before = lane_.next_offset(result_.range.partition);
        const std::size_t processed = lane_.step(only_batch);
        const auto now = std::chrono::steady_clock::now();
        if (processed > 0 || lane_.next_offset(result_.range.partition) != before) {
            last_progress = now;
        } else if (now - last_progress > longest_silence) {
            throw Error(processing(context_.log, result_.range), "no record came for a minute",
                        "Look whether the broker answers, and start the job again.");
        } else if (!lane_.finished()) {
            context_.log.wait_for_append(seen, poll_wait);
        }
    }
}

std::optional<std::int64_t> RangeWorker::step() {
    if (result_.range.start >= result_.range.end || lane_.finished()) {
        lane_.close_readers();
        return std::nullopt;
    }
    fill();
    LanePart part = lane_.take();
    const std::int64_t records = part.received();
    write(std::move(part));
    return records;
}

void RangeWorker::write(LanePart part) {
    if (!part.held.empty()) throw Error(processing(context_.log, result_.range), "ids were dropped");
    PartitionPart& all = result_.part;
    const PartitionPart& some = part.partitions.front();
    if (all.received == 0) all.oldest = some.oldest;
    all.add_counts(some);
    all.end = some.end;
    for (const QuarantineRow& row : part.quarantine)
        ++result_.by_rule[std::string(model::rule_name(row.rule))];
    for (const auto& [reason, count] : part.ignored) result_.ignored[std::string(reason)] += count;
    result_.unknown_fields += part.unknown_fields;

    std::vector<LanePart> parts;
    parts.push_back(std::move(part));
    const auto files = BatchFiles::divide(parts);
    for (const BatchFiles::FileRows& rows : files)
        result_.ids.push_back(ids_of(rows, context_.settings.dedupe_scope));
    std::ranges::move(files_.write_silver(files), std::back_inserter(result_.files.silver));
    std::ranges::move(files_.write_quarantine(parts, {context_.log.topic(), result_.range.epoch}),
                      std::back_inserter(result_.files.quarantine));
    for (auto& columns : parts.front().files) columns_.recycle(std::move(columns));
}

RangeResult process_range(const RangeWorker::Context& context, const RecordRange& range,
                          ItemPlaces quarantined) {
    RangeWorker worker(context, range, std::move(quarantined));
    while (worker.step()) {
    }
    return worker.finish();
}

}  // namespace millrace::silver
