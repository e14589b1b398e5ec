#include "silver/record_decoder.h"

#include <fmt/format.h>

#include <iterator>
#include <optional>

#include "base/derived_id.h"
#include "silver/formats/known_formats.h"

namespace millrace::silver {

namespace {

/// Returns the time of arrival that intake noted.
std::optional<model::Timestamp> arrival_of(const bronze::Origin& origin) {
    const auto ms = origin.received_ms();
    return ms ? std::optional(*ms * 1000) : std::nullopt;
}

}  // namespace

RecordDecoder::RecordDecoder() : items_(1) {}
RecordDecoder::RecordDecoder(RecordDecoder&&) noexcept = default;
RecordDecoder& RecordDecoder::operator=(RecordDecoder&&) noexcept = default;
RecordDecoder::~RecordDecoder() = default;

std::span<Item> RecordDecoder::decode(const bronze::Record& record, const RecordPlace& place) {
    const bronze::Origin origin = bronze::read_origin(record);
    const Format* format = origin.format.empty() ? nullptr : find_format(origin.format);
    if (format == nullptr || !format->make) {
        decode_native(record, origin, place);
        if (items_.front().verdict.ok() || !origin.format.empty()) return items_;
        format = find_format_of(record.value);
        if (format == nullptr) return items_;
    }
    auto& decoder = others_[format->number];
    if (!decoder) decoder = format->make();
    format_ = format->name;
    decoder->decode(message_of(record, origin, place), items_);
    return items_;
}

