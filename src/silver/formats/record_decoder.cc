#include "silver/formats/record_decoder.h"

#include <optional>

#include "base/derived_id.h"
#include "silver/formats/framing.h"
#include "silver/message/campaign.h"

namespace millrace::silver {

namespace {

/// Returns the time of arrival that intake noted.
std::optional<model::Timestamp> arrival_of(const bronze::Origin& origin) {
    if (origin.received.empty()) return std::nullopt;
    const auto ms = origin.received_ms();
    return ms ? std::optional<model::Timestamp>(base::from_ms(*ms)) : std::nullopt;
}

/// Returns what the ids of a record's events are derived from, where the sender gave none.
std::string position_of(const bronze::Record& record, const bronze::Origin& origin, const LogPartition& log) {
    if (!origin.replayed.empty()) return std::string(origin.replayed);
    return bronze::position_text(log.topic, log.epoch, log.partition, record.offset);
}

/// Returns the id of a native event without one. With an Idempotency-Key, a request that is sent again gives
/// the same id. The hash includes the text, so that a sender who guesses another sender's key cannot take the
/// place of that sender's events.
std::string id_of(const bronze::Record& record, const bronze::Origin& origin, std::string_view position) {
    if (origin.request.empty()) return base::derived_id({position});
    return base::derived_id({origin.source, origin.request, origin.place, record.value});
}

}  // namespace

RecordDecoder::RecordDecoder(std::string_view log_format) : log_format_(find_format(log_format)) {}
RecordDecoder::RecordDecoder(RecordDecoder&&) noexcept = default;
RecordDecoder& RecordDecoder::operator=(RecordDecoder&&) noexcept = default;
RecordDecoder::~RecordDecoder() = default;

std::span<Item> RecordDecoder::decode(const bronze::Record& record, const bronze::Origin& origin,
                                      const LogPartition& log) {
    const Format* format = origin.format.empty() ? log_format_ : find_format(origin.format);
    if (format == nullptr || format->make == nullptr) {
        decode_native(record, origin, log);
        if (native_item_.verdict.ok() || format != nullptr) return native_item();
        format = find_format_of(record.value);
        if (format == nullptr) return name_framing(record.value);
    }
    auto& decoder = others_[format->number];
    if (!decoder) decoder = format->make();
    format_ = format->name;
    position_ = position_of(record, origin, log);
    decoder->decode({record.value, origin, record.timestamp, position_}, items_);
    return items_;
}

std::span<Item> RecordDecoder::name_framing(std::string_view value) {
    if (const auto framing = framing_of(value)) native_item_.verdict = {*framing, {}};
    return native_item();
}

void RecordDecoder::decode_native(const bronze::Record& record, const bronze::Origin& origin,
                                  const LogPartition& log) {
    format_ = native_format;
    Item& item = native_item_;
    const auto arrival = arrival_of(origin);
    item.verdict = native_.decode(record.value, item.event, arrival);
    if (!item.verdict.ok()) return;
    if (arrival) item.event.with_details().received_at = arrival;
    if (item.event.page_url && item.event.page_url->find('?') != std::string_view::npos) {
        arena_.clear();
        set_campaign_of_page(item.event, arena_);
    }
    if (item.event.event_id.data() != nullptr) return;
    position_ = position_of(record, origin, log);
    id_ = id_of(record, origin, position_);
    item.event.event_id = id_;
}

}  // namespace millrace::silver
