#include "silver/stage/lane.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "silver/formats/item_check.h"
#include "silver/stage/partition_files.h"

namespace millrace::silver {

namespace {

constexpr std::size_t poll_bytes = 1 << 20;
constexpr std::int64_t max_held_bytes = 64 << 20;
/// More records than these at a time are a backlog, whose rows are committed soon enough.
constexpr std::size_t most_live_records = 1'000;

}  // namespace

/// A partition of this lane and its part of the batch.
struct Lane::Partition {
    Partition(ColumnPool& pool, int of) : number(of), files(pool, of) {}

    int number;
    int epoch = 0;
    std::string progress_id;
    std::unique_ptr<bronze::PartitionReader> reader;
    std::span<const bronze::Record> left;  // records of the reader's last poll that are not processed yet
    PartitionPart part;
    ItemPlaces quarantined_before;
    std::optional<bronze::Offset> end;
    PartitionFiles files;
    std::optional<RowBlock> uncommitted;  // rows of this step that others see before they are committed

    [[nodiscard]] bool finished() const { return end && part.end.next_offset >= *end; }
};

std::int64_t LanePart::received() const {
    return std::accumulate(partitions.begin(), partitions.end(), std::int64_t{0},
                           [](std::int64_t sum, const PartitionPart& part) { return sum + part.received; });
}

bool LanePart::moved() const {
    return std::ranges::any_of(partitions, &PartitionPart::moved);
}

Lane::Lane(const LaneContext& context, std::vector<int> partitions, const LaneLimits& limits)
    : context_(context),
      limits_(limits),
      partition_numbers_(std::move(partitions)),
      checker_(context.settings.rules, context.types) {
    for (std::size_t i = 0; i < chunk; ++i) decoders_.emplace_back(context.settings.rules.message_format);
    for (const int number : partition_numbers_)
        partitions_.push_back(std::make_unique<Partition>(context_.columns, number));
}

Lane::~Lane() = default;

void Lane::assign(LaneAssignment assignment) {
    const int number = assignment.partition;
    const catalog::PartitionProgress& progress = assignment.progress;
    Partition& partition =
        **std::ranges::find_if(partitions_, [&](const auto& p) { return p->number == number; });
    partition.left = {};
    partition.reader.reset();  // some logs allow only one reader per partition at a time
    partition.reader = context_.log.read(number, progress.next_offset);
    partition.epoch = assignment.epoch;
    partition.progress_id =
        catalog::LogIdentity{std::string(context_.log.topic()), assignment.epoch}.progress_app_id(number);
    partition.part = {.partition = number, .first_offset = assignment.committed, .end = progress};
    partition.part.end.decode_with(decoder_version);
    partition.quarantined_before = std::move(assignment.quarantined);
    partition.end = assignment.end;
    checker_.forget();
}

void Lane::close_readers() {
    for (const auto& partition : partitions_) {
        partition->left = {};
        partition->reader.reset();
    }
}

bronze::Offset Lane::next_offset(int number) const {
    const auto found =
        std::ranges::find_if(partitions_, [&](const auto& partition) { return partition->number == number; });
    return (*found)->part.end.next_offset;
}

bool Lane::finished() const {
    return std::ranges::all_of(partitions_, [](const auto& partition) { return partition->finished(); });
}

bool Lane::moved() const {
    return std::ranges::any_of(partitions_, [](const auto& partition) { return partition->part.moved(); });
}

bool Lane::full() const {
    return rows_ >= limits_.rows || bytes_ >= limits_.bytes || files_ + held_files_.size() >= limits_.files ||
           held_bytes_ >= max_held_bytes;
}

std::size_t Lane::step(std::uint32_t batch) {
    const std::int64_t before = rows_;
    held_back_ = false;
    // If one partition fills the batch, the next step begins with the next partition.
    for (std::size_t i = 0; i < partitions_.size() && !full(); ++i) {
        step_in(*partitions_[turn_], batch);
        turn_ = (turn_ + 1) % partitions_.size();
    }
    if (rows_ > before) context_.ids.allow_dropping_before(context_.horizon.start());
    return static_cast<std::size_t>(rows_ - before);
}

void Lane::step_in(Partition& partition, std::uint32_t batch) {
    if (partition.finished()) {
        // Closed so that the client does not fetch more of this partition and delay others.
        partition.reader.reset();
        return context_.horizon.set_caught_up(partition.number, true);
    }
    // Applies only if the partition has an end. A stage that follows the log must not wait for a partition
    // with old events.
    if (partition.end && context_.horizon.is_ahead(partition.number)) {
        held_back_ = true;
        return;
    }
    const auto records = next_records(partition);
    context_.horizon.set_caught_up(partition.number, records.empty());
    if (!records.empty()) return process(partition, records, batch);
    // The reader may already be past the end.
    const bronze::Offset next = partition.reader->next_offset();
    partition.part.end.pass_to(partition.end ? std::min(next, *partition.end) : next, 0);
}

/// Returns the records that were left when the previous batch was full, or polls the log for more.
std::span<const bronze::Record> Lane::next_records(Partition& partition) {
    if (!partition.left.empty()) return std::exchange(partition.left, {});
    const auto records = partition.reader->poll(poll_bytes);
    return partition.end ? catalog::before(records, *partition.end) : records;
}

void Lane::process(Partition& partition, std::span<const bronze::Record> records, std::uint32_t batch) {
    PartitionPart& part = partition.part;
    if (part.received == 0) part.oldest = records.front().timestamp;
    UncommittedRows* const uncommitted = context_.uncommitted;
    if (uncommitted != nullptr && uncommitted->wants_rows() && records.size() <= most_live_records) {
        partition.uncommitted.emplace(
            RowBlock::Place{partition.progress_id, partition.number, partition.epoch});
    } else if (uncommitted != nullptr) {
        uncommitted->note_gap();
    }
    std::size_t done = 0;
    while (done < records.size() && !full()) {
        const std::size_t count = std::min(chunk, records.size() - done);
        process_chunk(partition, records.subspan(done, count), batch);
        done += count;
    }
    const bronze::Record& last = records[done - 1];
    part.end.pass_to(last.offset + 1, static_cast<std::int64_t>(done));
    part.end.last_crc = catalog::record_crc(last);
    partition.left = records.subspan(done);
    if (partition.uncommitted) uncommitted->add(std::move(*partition.uncommitted));
    partition.uncommitted.reset();
}

/// Decodes a record and checks its items.
void Lane::add_items(Partition& partition, const bronze::Record& record, RecordDecoder& decoder) {
    ++partition.part.received;
    bytes_ += static_cast<std::int64_t>(record.key.size() + record.value.size() + record.headers.size());
    std::int32_t index = 0;
    const auto items = decoder.decode(record, {context_.log.topic(), partition.epoch, partition.number});
    check_items(checker_, items, record.timestamp);
    for (Item& item : items) {
        PendingItem pending{&item, {record, index++, decoder.format()}, {}};
        if (item.ignored.empty() && item.verdict.ok()) {
            pending.id = hash_id(item.event.event_id, context_.settings.dedupe_scope, partition.number);
            context_.ids.prefetch(pending.id);
        }
        pending_.push_back(pending);
    }
}

void Lane::process_chunk(Partition& partition, std::span<const bronze::Record> records, std::uint32_t batch) {
    pending_.clear();
    for (std::size_t i = 0; i < records.size(); ++i) add_items(partition, records[i], decoders_[i]);
    for (const PendingItem& pending : pending_) settle(partition, pending, batch);
}

void Lane::settle(Partition& partition, const PendingItem& pending, std::uint32_t batch) {
    PartitionPart& part = partition.part;
    ++part.items;
    ++rows_;
    const bronze::Record& record = pending.source.record;
    const model::Event& event = pending.item->event;
    if (!partition.quarantined_before.empty() &&
        partition.quarantined_before.contains({record.offset, pending.source.record_index})) {
        ++part.quarantined;  // the quarantine table has its row, because of a crash between the two commits
        return;
    }
    if (!pending.item->ignored.empty()) {
        ++part.ignored;
        ++ignored_[pending.item->ignored];
        return;
    }
    if (!pending.item->verdict.ok()) return quarantine(partition, pending);
    if (!context_.ids.insert(pending.id, event.timestamp, batch)) {
        ++part.duplicates;
        return;
    }
    if (context_.ids.shortened() || event.timestamp < context_.ids.floor()) {
        if (context_.ids.shortened() && context_.uncommitted != nullptr) context_.uncommitted->note_gap();
        return hold(partition, pending);
    }
    if (partition.files.append(event, pending.source, partition.epoch)) ++files_;
    if (partition.uncommitted) partition.uncommitted->add(event, pending.source);
    context_.horizon.advance(partition.number, event.timestamp, record.timestamp);
}

void Lane::quarantine(Partition& partition, const PendingItem& pending) {
    ++partition.part.quarantined;
    quarantine_.push_back(quarantine_row(pending.source, partition.number, pending.item->verdict));
}

void Lane::hold(const Partition& partition, const PendingItem& pending) {
    const bronze::Record& record = pending.source.record;
    const model::Event& event = pending.item->event;
    held_.push_back({partition.number, partition.epoch, pending.id, event.timestamp,
                     context_.ids.horizon_start(), pending.source.record_index, OwnedRecord(record)});
    const std::size_t bytes = record.value.size() + record.key.size() + record.headers.size();
    held_bytes_ += static_cast<std::int64_t>(sizeof(HeldRecord) + bronze::record_padding + bytes);
    held_files_.insert({partition.number, model::day_of(event.timestamp), std::string(event.event_type)});
}

LanePart Lane::take() {
    LanePart taken;
    for (const auto& partition : partitions_) {
        PartitionPart& part = partition->part;
        part.count_in_progress();
        part.end.clock = context_.horizon.clock(partition->number);
        taken.partitions.push_back(part);
        part = {.partition = part.partition, .first_offset = part.end.next_offset, .end = part.end};
        partition->files.move_to(taken.files);
    }
    taken.quarantine.swap(quarantine_);
    taken.held.swap(held_);
    taken.ignored.swap(ignored_);
    taken.bytes = std::exchange(bytes_, 0);
    rows_ = 0;
    files_ = 0;
    held_bytes_ = 0;
    held_files_.clear();
    std::int64_t unknown = 0;
    for (const RecordDecoder& decoder : decoders_) unknown += decoder.unknown_fields();
    taken.unknown_fields = unknown - std::exchange(unknown_before_, unknown);
    return taken;
}

}  // namespace millrace::silver
