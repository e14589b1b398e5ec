#include "silver/fast_path_decoder.h"

#include <simdjson.h>

#include <array>
#include <bit>
#include <cstring>
#include <optional>

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "bronze/record.h"

namespace millrace::silver {

using model::Event;

namespace {

/// One bit for each byte of a block; the first byte has the lowest bit.
struct BlockBits {
    /// Quotes, backslashes and control characters, which end or forbid a plain string.
    std::uint32_t special;
    std::uint32_t beyond_ascii;  ///< bytes of multi-byte UTF-8 sequences
};

/// The number of bytes that string() examines in one step.
#ifdef __AVX2__
constexpr std::size_t block = 32;

BlockBits classify_block(const char* from) {
    const auto bits = [](__m256i bytes) { return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes)); };
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    const __m256i quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
    const __m256i backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
    const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes);
    return {bits(_mm256_or_si256(_mm256_or_si256(quote, backslash), control)), bits(bytes)};
}
#else
constexpr std::size_t block = 8;

BlockBits classify_block(const char* from) {
    BlockBits bits{};
    for (std::size_t i = 0; i < block; ++i) {
        const auto byte = static_cast<unsigned char>(from[i]);
        if (byte < 0x20 || byte == '"' || byte == '\\') bits.special |= 1U << i;
        if (byte >= 0x80) bits.beyond_ascii |= 1U << i;
    }
    return bits;
}
#endif

/// Powers of ten that a double represents exactly. A number of up to 15 digits, divided by one of them, is
/// rounded correctly (Clinger 1990).
constexpr std::array<double, 16> powers_of_ten = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr std::ptrdiff_t exact_digits = 15;

/// A cursor over the bytes of a record. Each step returns whether it found what it expects. A step that
/// begins before the end reads at most the padding after it. read() checks at the end that the cursor has not
/// passed the end of the record.
struct Cursor {
    const char* at;
    const char* const end;
    std::uint32_t beyond_ascii = 0;  ///< not 0 if a string has bytes of multi-byte UTF-8 sequences

    explicit Cursor(std::string_view text) : at(text.data()), end(text.data() + text.size()) {}

    bool skip(char wanted) {
        if (*at != wanted) return false;
        ++at;
        return true;
    }
    void skip_space() { at += *at == ' ' ? 1 : 0; }

    /// Reads a string. The cursor moves from after the opening quote to after the closing one.
    bool string(std::string_view& text) {
        for (const char* from = at; from < end; from += block) {
            const BlockBits bits = classify_block(from);
            // All bits if no byte is special.
            const std::uint32_t up_to_special = bits.special ^ (bits.special - 1);
            beyond_ascii |= bits.beyond_ascii & up_to_special;
            if (bits.special == 0) continue;
            const char* stop = from + std::countr_zero(bits.special);
            text = {at, static_cast<std::size_t>(stop - at)};
            at = stop + 1;
            return *stop == '"' && text.size() <= max_string_bytes;
        }
        return false;
    }

    /// Reads a number without a sign and without an exponent.
    bool number(double& value) {
        const char* const from = at;
        std::uint64_t digits = 0;
        while (is_digit() && at - from <= exact_digits) take_digit(digits);
        const auto whole = at - from;
        if (whole == 0 || (whole > 1 && *from == '0')) return false;
        const char* const point = at;
        if (skip('.')) {
            while (is_digit() && at - from <= exact_digits) take_digit(digits);
            if (at == point + 1) return false;
        }
        const auto decimals = at == point ? 0 : at - point - 1;
        if (whole + decimals > exact_digits) return false;
        value = static_cast<double>(digits) / powers_of_ten[static_cast<std::size_t>(decimals)];
        return true;
    }

    bool null() {
        if (std::memcmp(at, "null", 4) != 0) return false;
        at += 4;
        return true;
    }

  private:
    [[nodiscard]] bool is_digit() const { return static_cast<unsigned char>(*at - '0') <= 9; }
    void take_digit(std::uint64_t& digits) { digits = digits * 10 + static_cast<std::uint64_t>(*at++ - '0'); }
};

template <typename Struct>
using TextMember = std::optional<std::string_view> Struct::*;

/// The optional texts of an event by field; the rest is null.
constexpr auto text_members = [] {
    std::array<TextMember<Event>, field_count> members{};
    members[product_id] = &Event::product_id;
    members[session_id] = &Event::session_id;
    members[product_category] = &Event::product_category;
    members[device_type] = &Event::device_type;
    members[page_url] = &Event::page_url;
    members[order_id] = &Event::order_id;
    members[currency] = &Event::currency;
    members[user_agent] = &Event::user_agent;
    members[referrer] = &Event::referrer;
    return members;
}();
/// The texts of an event's details by field; the rest is null.
constexpr auto detail_members = [] {
    using Details = model::EventDetails;
    std::array<TextMember<Details>, field_count> members{};
    members[anonymous_id] = &Details::anonymous_id;
    members[product_name] = &Details::product_name;
    members[brand] = &Details::brand;
    members[coupon] = &Details::coupon;
    members[utm_source] = &Details::utm_source;
    members[utm_medium] = &Details::utm_medium;
    members[utm_campaign] = &Details::utm_campaign;
    return members;
}();

/// The state of decoding one event.
struct Reading {
    Cursor cursor;
    Event& event;
    std::string& properties;  // the fields without a column, without the closing brace
    std::uint32_t seen = 0;
    std::int64_t unknown_fields = 0;

    bool string_into(std::string_view& text) { return cursor.skip('"') && cursor.string(text); }
    bool required(std::string_view& text) { return string_into(text) && !text.empty(); }
    bool optional(std::optional<std::string_view>& text) {
        if (*cursor.at == 'n') return cursor.null();
        return string_into(text.emplace());
    }
    bool time() {
        std::string_view text;
        if (!string_into(text)) return false;
        const auto time = model::parse_timestamp(text);
        if (time) event.timestamp = *time;
        return time.has_value();
    }
    bool quantity_value() {
        double number = 0;
        if (!cursor.number(number) || number < 1 || number > 1e6) return false;
        event.quantity = static_cast<std::int32_t>(number);
        return event.quantity == number;
    }
    bool unknown_value() {
        std::string_view text;
        double number = 0;
        ++unknown_fields;
        if (*cursor.at == '"') return string_into(text);
        return *cursor.at == 'n' ? cursor.null() : cursor.number(number);
    }

    bool value(Field field) {
        if ((seen & (1U << field)) != 0) return false;
        seen |= 1U << field;
        if (const auto member = text_members[field]) return optional(event.*member);
        switch (field) {
            case event_id:
                return required(event.event_id);
            case user_id:
                return required(event.user_id);
            case event_type:
                return required(event.event_type);
            case timestamp:
                return time();
            case price:
                return *cursor.at == 'n' ? cursor.null() : cursor.number(event.price.emplace());
            case quantity:
                return *cursor.at == 'n' ? cursor.null() : quantity_value();
            case discount:
            case line_total:
            case line_number:
            case order_total:
            case order_discount:
            case order_shipping:
            case order_tax:  // The other decoder reads decimals exactly.
                return *cursor.at == 'n' && cursor.null();
            default:
                return optional(event.with_details().*detail_members[field]);
        }
    }

    /// Reads a key, a colon and a value.
    bool pair(FieldOrder& order) {
        const char* const from = cursor.at;
        if (!cursor.skip('"')) return false;
        const Field field = order.match(cursor.at);
        std::string_view key;
        if (field != field_count) {
            cursor.at += field_names[field].size() + 1;
        } else if (!cursor.string(key)) {
            return false;
        }
        if (!cursor.skip(':')) return false;
        cursor.skip_space();
        if (field != field_count) return value(field);
        if (!unknown_value()) return false;
        properties += properties.empty() ? '{' : ',';
        properties.append(from, cursor.at);
        return true;
    }
};

}  // namespace

bool FastPathDecoder::read(std::string_view value, Event& event) {
    constexpr std::uint32_t all_required = 1U << user_id | 1U << event_type | 1U << timestamp;
    event.reset();
    properties_.clear();
    order_.restart();
    Reading reading{Cursor(value), event, properties_};
    Cursor& cursor = reading.cursor;
    if (value.empty() || !cursor.skip('{')) return false;
    do {
        cursor.skip_space();
        if (cursor.at >= cursor.end || !reading.pair(order_)) return false;
    } while (cursor.skip(','));
    if (!cursor.skip('}') || cursor.at != cursor.end) return false;
    if ((reading.seen & all_required) != all_required) return false;
    if (cursor.beyond_ascii != 0 && !simdjson::validate_utf8(value.data(), value.size())) return false;
    unknown_fields_ += reading.unknown_fields;
    if (!properties_.empty()) event.with_details().properties = properties_ += '}';
    return true;
}

}  // namespace millrace::silver
