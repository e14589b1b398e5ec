#include "pipeline/lane.h"

#include <algorithm>
#include <numeric>

namespace millrace::pipeline {

namespace {

constexpr std::size_t poll_bytes = 1 << 20;
constexpr std::size_t max_files = 512;
constexpr std::int64_t max_old_bytes = 64 << 20;
constexpr std::size_t kept_id_bytes = 32 << 20;

}  // namespace

/// A partition of this lane, with its part of the batch.
struct Lane::Partition {
    int number = 0;
    int epoch = 0;
    std::unique_ptr<bronze::PartitionReader> reader;
    PartitionPart part;
    std::set<bronze::Offset> quarantined_before;
    std::optional<bronze::Offset> end;
    std::vector<silver::EventColumns*> files;
    silver::EventColumns* last_file = nullptr;

    [[nodiscard]] bool finished() const { return end && part.end.next_offset >= *end; }
};

/// A record from before the dedupe horizon, kept until it is checked against the table.
struct Lane::OldRecord {
    Partition* partition;
    bronze::Offset offset;
    std::int64_t timestamp_ms;
    std::optional<std::string> key;
    std::string value;
    std::size_t value_bytes;  // the rest is padding
    silver::IdHash id;
    model::Timestamp time;

    [[nodiscard]] bronze::Record record() const {
        return {offset,
                timestamp_ms,
                key ? std::string_view(*key) : std::string_view(),
                std::string_view(value).substr(0, value_bytes),
                {}};
    }
};

std::int64_t LanePart::received() const {
    return std::accumulate(partitions.begin(), partitions.end(), std::int64_t{0},
                           [](std::int64_t sum, const PartitionPart& part) { return sum + part.received; });
}

bool LanePart::moved() const {
    return std::ranges::any_of(partitions, &PartitionPart::moved);
}

Lane::Lane(const LaneContext& context, std::vector<int> partitions)
    : context_(context),
      partition_numbers_(std::move(partitions)),
      checker_(context.settings.rules, context.types) {
    for (const int number : partition_numbers_) {
        partitions_.push_back(std::make_unique<Partition>());
        partitions_.back()->number = number;
    }
}

Lane::~Lane() = default;

void Lane::assign(LaneAssignment assignment) {
    const int number = assignment.partition;
    const PartitionProgress& progress = assignment.progress;
    Partition& partition =
        **std::ranges::find_if(partitions_, [&](const auto& p) { return p->number == number; });
    partition.reader.reset();  // a log may serve one reader of a partition at a time
    partition.reader = context_.log.read(number, progress.next_offset);
    partition.epoch = assignment.epoch;
    partition.part = {.partition = number, .first_offset = assignment.committed, .end = progress};
    partition.quarantined_before = std::move(assignment.quarantined);
    partition.end = assignment.end;
    checker_.forget();
}

void Lane::close_readers() {
    for (const auto& partition : partitions_) partition->reader.reset();
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

bool Lane::full(std::int64_t max_rows, std::int64_t max_bytes) const {
    return rows_ >= max_rows || bytes_ >= max_bytes || files_.size() + old_files_.size() >= max_files ||
           old_bytes_ >= max_old_bytes;
}

std::size_t Lane::step(std::uint32_t batch) {
    std::size_t processed = 0;
    held_back_ = false;
    for (const auto& partition : partitions_) {
        if (partition->finished()) {
            partition->reader
                .reset();  // so that Kafka isn't asked for more of it, which others would wait for
            context_.horizon.set_caught_up(partition->number, true);
            continue;
        }
        // Only where an end is set: what follows the log must not wait for a partition with old events.
        if (partition->end && context_.horizon.is_ahead(partition->number)) {
            held_back_ = true;
            continue;
        }
        auto records = partition->reader->poll(poll_bytes);
        if (partition->end) records = before(records, *partition->end);
        context_.horizon.set_caught_up(partition->number, records.empty());
        if (records.empty()) {
            // The reader may have read past the end already.
            const bronze::Offset next = partition->reader->next_offset();
            partition->part.end.pass_to(partition->end ? std::min(next, *partition->end) : next, 0);
            continue;
        }
        process(*partition, records, batch);
        processed += records.size();
    }
    if (processed > 0) context_.ids.allow_dropping_before(context_.horizon.start());
    return processed;
}

void Lane::process(Partition& partition, std::span<const bronze::Record> records, std::uint32_t batch) {
    std::array<model::Event, chunk> events;
    std::array<silver::Verdict, chunk> verdicts;
    std::array<silver::IdHash, chunk> ids;
    if (partition.part.received == 0) partition.part.oldest_ms = records.front().timestamp_ms;
    for (std::size_t from = 0; from < records.size(); from += chunk) {
        const std::size_t count = std::min(chunk, records.size() - from);
        for (std::size_t i = 0; i < count; ++i) {
            const bronze::Record& record = records[from + i];
            verdicts[i] = decoders_[i].decode(record.value, events[i]);
            if (verdicts[i].ok() && !silver::is_utf8(record.key))
                verdicts[i] = {model::Rule::not_utf8, "key"};
            if (verdicts[i].ok()) verdicts[i] = checker_.check(events[i], record.timestamp_ms);
            if (!verdicts[i].ok()) continue;
            ids[i] = silver::hash_id(events[i].event_id, context_.settings.dedupe_scope, partition.number);
            context_.ids.prefetch(ids[i]);
        }
        for (std::size_t i = 0; i < count; ++i) {
            settle(partition, records[from + i], events[i], verdicts[i], ids[i], batch);
        }
    }
    const bronze::Record& last = records.back();
    PartitionPart& part = partition.part;
    part.end.pass_to(last.offset + 1, static_cast<std::int64_t>(records.size()));
    part.end.last_crc = record_crc(last);
}

void Lane::settle(Partition& partition, const bronze::Record& record, model::Event& event,
                  silver::Verdict verdict, const silver::IdHash& id, std::uint32_t batch) {
    PartitionPart& part = partition.part;
    ++part.received;
    ++rows_;
    bytes_ += static_cast<std::int64_t>(record.key.size() + record.value.size() + record.headers.size());
    if (!partition.quarantined_before.empty() && partition.quarantined_before.contains(record.offset)) {
        ++part.quarantined;  // its row is in the table already: a crash came between the two commits
        return;
    }
    if (!verdict.ok()) return quarantine(partition, record, verdict);
    if (!context_.ids.insert(id, event.timestamp, batch)) {
        ++part.duplicates;
        return;
    }
    if (event.timestamp < context_.ids.floor()) {
        OldRecord old{&partition,
                      record.offset,
                      record.timestamp_ms,
                      std::nullopt,
                      std::string(record.value),
                      record.value.size(),
                      id,
                      event.timestamp};
        if (record.key.data() != nullptr) old.key = std::string(record.key);
        old.value.append(bronze::record_padding, '\0');
        old_bytes_ += static_cast<std::int64_t>(record.key.size() + old.value.size());
        old_files_.insert({partition.number, model::day_of(event.timestamp), std::string(event.event_type)});
        old_records_.push_back(std::move(old));
        return;
    }
    columns_for(partition, event).append(event, record);
    context_.horizon.advance(partition.number, event.timestamp, record.timestamp_ms);
}

void Lane::quarantine(Partition& partition, const bronze::Record& record, const silver::Verdict& verdict) {
    ++partition.part.quarantined;
    quarantine_.push_back(silver::quarantine_row(record, partition.number, verdict.rule, verdict.field));
}

silver::EventColumns& Lane::columns_for(Partition& partition, const model::Event& event) {
    const std::int64_t day = model::day_of(event.timestamp);
    const auto fits = [&](const silver::EventColumns* file) {
        return file->day() == day && file->event_type() == event.event_type;
    };
    if (partition.last_file != nullptr && fits(partition.last_file)) return *partition.last_file;
    const auto found = std::ranges::find_if(partition.files, fits);
    if (found != partition.files.end()) return *(partition.last_file = *found);
    files_.push_back(fresh_columns(event.event_type));
    files_.back()->start(day, event.event_type, partition.number, partition.epoch);
    partition.files.push_back(files_.back().get());
    return *(partition.last_file = partition.files.back());
}

std::unique_ptr<silver::EventColumns> Lane::fresh_columns(std::string_view event_type) {
    const std::lock_guard lock(recycled_mutex_);
    if (recycled_.empty()) return std::make_unique<silver::EventColumns>();
    // Types differ in size by far, so memory goes back to the one it was for, lest all of it grow to the
    // largest.
    const auto same_type = std::ranges::find_if(
        recycled_, [&](const auto& columns) { return columns->event_type() == event_type; });
    auto& chosen = same_type != recycled_.end() ? *same_type : recycled_.back();
    std::swap(chosen, recycled_.back());
    auto columns = std::move(recycled_.back());
    recycled_.pop_back();
    return columns;
}

void Lane::recycle(std::unique_ptr<silver::EventColumns> columns) {
    if (columns->id_bytes() > kept_id_bytes) return;
    const std::lock_guard lock(recycled_mutex_);
    if (recycled_.size() < 32) recycled_.push_back(std::move(columns));
}

void Lane::settle_old_records() {
    if (old_records_.empty()) return;
    DatedIds wanted;
    for (const OldRecord& old : old_records_) wanted.insert({old.id, model::day_of(old.time)});
    const auto found = context_.find_in_table(wanted);
    for (const OldRecord& old : old_records_) {
        if (found.contains({old.id, model::day_of(old.time)})) {
            ++old.partition->part.duplicates;
            continue;
        }
        model::Event event;
        const bronze::Record record = old.record();
        decoders_[0].decode(record.value, event);
        checker_.check(event, record.timestamp_ms);
        columns_for(*old.partition, event).append(event, record);
        context_.horizon.advance(old.partition->number, event.timestamp, record.timestamp_ms);
    }
    old_records_.clear();
    old_files_.clear();
    old_bytes_ = 0;
}

LanePart Lane::take() {
    settle_old_records();
    LanePart taken;
    for (const auto& partition : partitions_) {
        PartitionPart& part = partition->part;
        part.end.received += part.received;
        part.end.duplicates += part.duplicates;
        part.end.quarantined += part.quarantined;
        taken.partitions.push_back(part);
        part = {.partition = part.partition, .first_offset = part.end.next_offset, .end = part.end};
        partition->files.clear();
        partition->last_file = nullptr;
    }
    taken.files.swap(files_);
    taken.quarantine.swap(quarantine_);
    taken.bytes = std::exchange(bytes_, 0);
    rows_ = 0;
    std::int64_t unknown = 0;
    for (const silver::Decoder& decoder : decoders_) unknown += decoder.unknown_fields();
    taken.unknown_fields = unknown - std::exchange(unknown_before_, unknown);
    return taken;
}

}  // namespace millrace::pipeline
