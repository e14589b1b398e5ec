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
    anonymous_id,
    product_name,
    brand,
    coupon,
    discount,
    utm_source,
    utm_medium,
    utm_campaign,
    line_total,
    line_number,
    order_total,
    order_discount,
    order_shipping,
    order_tax,
    field_count,
};

inline constexpr std::array<std::string_view, field_count> field_names = {
    "event_id",    "user_id",          "event_type",     "timestamp",      "product_id",   "price",
    "session_id",  "product_category", "device_type",    "page_url",       "quantity",     "order_id",
    "currency",    "user_agent",       "referrer",       "anonymous_id",   "product_name", "brand",
    "coupon",      "discount",         "utm_source",     "utm_medium",     "utm_campaign", "line_total",
    "line_number", "order_total",      "order_discount", "order_shipping", "order_tax"};

/// The longest string that an event may have, in bytes.
inline constexpr std::size_t max_string_bytes = 64U << 10U;

/// A field's name and its closing quote in three 64-bit words, and a mask of the bits to compare.
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
    /// Returns true if `text` begins with the name and the quote. Reads 24 bytes of `text`.
    [[nodiscard]] bool begins(const char* text) const {
        return (((base::load_word(text) ^ words[0]) & mask[0]) |
                ((base::load_word(text + 8) ^ words[1]) & mask[1]) |
                ((base::load_word(text + 16) ^ words[2]) & mask[2])) == 0;
    }
};
inline constexpr auto raw_keys = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array{RawKey(field_names[I])...};
}(std::make_index_sequence<field_count>());

/// Finds the field of a key. It first tries the field that followed the previous key in an earlier record,
/// because the records of one source usually have their fields in the same order. Not thread-safe.
class FieldOrder {
  public:
    /// Must be called at the start of each record.
    void restart() { last_ = field_count; }

    /// Returns the field of `key`, whose closing quote must follow it. Returns field_count if the key is
    /// unknown or is written with escapes. Reads 24 bytes, which the padding of a record allows.
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
    // The next field after each field; the last element is for the start of a record.
    std::array<std::uint8_t, field_count + 1> followers_{};
    Field last_ = field_count;
};

}  // namespace millrace::silver
