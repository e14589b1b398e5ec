#include "silver/stage/held_records.h"

#include <algorithm>
#include <functional>
#include <map>

#include "silver/formats/item_check.h"
#include "silver/stage/lane.h"
#include "silver/stage/partition_files.h"

namespace millrace::silver {

OwnedRecord::OwnedRecord(const bronze::Record& record)
    : offset_(record.offset),
      timestamp_(record.timestamp),
      value_size_(record.value.size()),
      key_size_(record.key.size()),
      has_key_(record.key.data() != nullptr) {
    bytes_.reserve(value_size_ + bronze::record_padding + key_size_ + record.headers.size());
    bytes_.append(record.value).append(bronze::record_padding, '\0');
    bytes_.append(record.key).append(record.headers);
}

bronze::Record OwnedRecord::view() const {
    const std::string_view bytes = bytes_;
    const std::string_view after_value = bytes.substr(value_size_ + bronze::record_padding);
    return {offset_, timestamp_, has_key_ ? after_value.substr(0, key_size_) : std::string_view(),
            bytes.substr(0, value_size_), after_value.substr(key_size_)};
}

namespace {

IdQuery query_for(const std::vector<LanePart>& parts, model::Timestamp floor) {
    IdQuery query(floor);
    for (const LanePart& part : parts) {
        for (const HeldRecord& held : part.held)
            query.add(held.id, held.time, held.partition, held.horizon_start);
    }
    return query;
}

/// Turns the part's held records into rows, except those in `found`. The partition's clock in the commit
/// includes these rows.
void settle_part(LanePart& part, const IdHashes& found, const LaneContext& context) {
    RecordDecoder decoder(context.settings.rules.message_format);
    Checker checker(context.settings.rules, context.types);
    std::map<int, PartitionFiles> files;
    for (const HeldRecord& held : part.held) {
        PartitionPart& partition =
            *std::ranges::find(part.partitions, held.partition, &PartitionPart::partition);
        if (found.contains(held.id)) {
            ++partition.copies_in_table;
            continue;
        }
        const bronze::Record record = held.record.view();
        const auto items = decoder.decode(record, {context.log.topic(), held.log_epoch, held.partition});
        check_items(checker, items, record.timestamp);
        const model::Event& event = items[static_cast<std::size_t>(held.record_index)].event;
        files.try_emplace(held.partition, context.columns, held.partition)
            .first->second.append(event, {record, held.record_index, decoder.format()}, held.log_epoch);
        const model::Timestamp time = std::min<model::Timestamp>(event.timestamp, record.timestamp);
        partition.end.clock = std::max(partition.end.clock.value_or(time), time);
        context.horizon.advance(held.partition, event.timestamp, record.timestamp);
    }
    for (auto& [partition, rows] : files) rows.move_to(part.files);
    part.held = {};
}

}  // namespace

void settle_held(std::vector<LanePart>& parts, const std::filesystem::path& root, const Files& files,
                 const LaneContext& context, base::WorkerPool& pool) {
    const IdHashes found = find_in_files(root, files, query_for(parts, context.ids.floor()),
                                         context.settings.dedupe_scope, pool);
    std::vector<std::function<void()>> tasks;
    tasks.reserve(parts.size());
    for (LanePart& part : parts) tasks.emplace_back([&] { settle_part(part, found, context); });
    pool.run_all(std::move(tasks));
}

}  // namespace millrace::silver
