#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/short_text.h"
#include "bronze/record.h"

namespace millrace::silver {

/// The fields of an event's JSON (docs/formats/event.md).
enum Field : std::uint8_t {
    event_id,
    user_id,
    event_type,
    timestamp,
    product_id,
    price,
    session_id,
    product_category,
    device_type,
    page_url,
    quantity,
    order_id,
    currency,
    user_agent,
    referrer,
    field_count,
};

inline constexpr std::array<std::string_view, field_count> field_names = {
    "event_id", "user_id",    "event_type",       "timestamp",   "product_id",
    "price",    "session_id", "product_category", "device_type", "page_url",
    "quantity", "order_id",   "currency",         "user_agent",  "referrer"};

/// A string of an event is refused from this length on.
inline constexpr std::size_t max_string_bytes = 64U << 10U;

/// A field's name and its closing quote in three words, with the bits that count.
struct RawKey {
    std::array<std::uint64_t, 3> words{};
    std::array<std::uint64_t, 3> mask{};

    constexpr explicit RawKey(std::string_view name) {
        for (std::size_t i = 0; i <= name.size(); ++i) {
            const auto byte = static_cast<std::uint8_t>(i < name.size() ? name[i] : '"');
            words[i / 8] |= static_cast<std::uint64_t>(byte) << (8 * (i % 8));
            mask[i / 8] |= 0xFFULL << (8 * (i % 8));
        }
    }
    /// True when `text` begins so. Reads 24 bytes.
    [[nodiscard]] bool begins(const char* text) const {
        return (((base::load_word(text) ^ words[0]) & mask[0]) |
                ((base::load_word(text + 8) ^ words[1]) & mask[1]) |
                ((base::load_word(text + 16) ^ words[2]) & mask[2])) == 0;
    }
};
inline constexpr auto raw_keys = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array{RawKey(field_names[I])...};
}(std::make_index_sequence<field_count>());

/// Finds a key's field, trying first the one that followed the last key's when it was seen before, since the
/// records of one source have their fields in one order.
class FieldOrder {
  public:
    /// A record begins.
    void restart() { last_ = field_count; }

    /// The field of a key that is followed by its closing quote; field_count when it is none of the known
    /// ones, or is written with escapes. Reads 24 bytes, which a record's padding allows.
    Field match(const char* key) {
        static_assert(bronze::record_padding >= sizeof(RawKey::words));
        std::uint8_t& follower = followers_[last_];
        if (raw_keys[follower].begins(key)) return last_ = static_cast<Field>(follower);
        for (std::uint8_t i = 0; i < field_count; ++i) {
            if (!raw_keys[i].begins(key)) continue;
            follower = i;
            return last_ = static_cast<Field>(i);
        }
        return field_count;
    }

  private:
    std::array<std::uint8_t, field_count + 1> followers_{};  // of each field, and of a record's start
    Field last_ = field_count;
};

}  // namespace millrace::silver
