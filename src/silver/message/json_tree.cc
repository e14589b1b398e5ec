#include "silver/message/json_tree.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "silver/message/json_escape.h"
#include "silver/message/string_bits.h"

namespace millrace::silver {

using model::ValidationRule;

namespace {

constexpr JsonTree::Index usual_nodes = 1U << 16U;
constexpr std::size_t word_bits = 64;

bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

bool is_digit(char c) {
    return static_cast<unsigned char>(c - '0') <= 9;
}

/// Returns whether a number is in the range of a double.
bool fits_double(const char* from, const char* end) {
    double value = 0;
    if (std::from_chars(from, end, value).ec == std::errc()) return true;
    // from_chars also refuses numbers that are too small. They are zero, which is no fault.
    return std::isfinite(std::strtod(std::string(from, end).c_str(), nullptr));
}

}  // namespace

/// A cursor over a message, and the objects and arrays that are open there. A step that begins before the end
/// reads at most the padding behind it. Each step returns false for bad syntax. The steps are inlined into
/// whole(), which keeps the cursor in a register and is a third faster.
struct JsonReading {
    JsonTree& tree;
    const char* at;
    const char* const begin;
    const char* const end;
    const std::uint64_t* const special;
    const std::uint64_t* const special_end;
    bool too_deep = false;
    int depth = 0;
    std::array<JsonTree::Index, JsonTree::max_depth> open{};

    JsonReading(JsonTree& into, std::string_view text)
        : tree(into),
          at(text.data()),
          begin(text.data()),
          end(text.data() + text.size()),
          special(into.special_bytes_.data()),
          special_end(special + (text.size() + word_bits - 1) / word_bits) {}

    void skip_blanks() {
        while (at < end && is_blank(*at)) ++at;
    }

    /// Returns the first quote, backslash or control character at `from` or behind it, or the end.
    [[nodiscard]] const char* next_special(const char* from) const {
        const auto position = static_cast<std::size_t>(from - begin);
        const std::uint64_t* word = special + position / word_bits;
        std::uint64_t bits = *word & ~std::uint64_t{0} << position % word_bits;
        while (bits == 0) {
            if (++word == special_end) return end;
            bits = *word;
        }
        return begin + static_cast<std::size_t>(word - special) * word_bits + std::countr_zero(bits);
    }

    /// Reads a string with escapes, of which the first is at `escape`. The cursor is behind the opening
    /// quote.
    [[gnu::noinline]] bool escaped_string(const char* escape, const char*& text, std::uint32_t& size) {
        const char* const start = at;
        while (escape < end && *escape == '\\') {
            const char* const behind = end_of_json_escape(escape);
            if (behind == nullptr || behind >= end) return false;
            escape = next_special(behind);
        }
        if (escape >= end || *escape != '"') return false;
        text = start;
        size = static_cast<std::uint32_t>(escape - start);
        at = escape + 1;
        return true;
    }

    /// Reads a string. The cursor moves from behind the opening quote to behind the closing one.
    bool string(const char*& text, std::uint32_t& size, bool& escaped) {
        if (at >= end) return false;
        const char* const stop = next_special(at);
        if (*stop == '"' && stop < end) [[likely]] {
            escaped = false;
            text = at;
            size = static_cast<std::uint32_t>(stop - at);
            at = stop + 1;
            return true;
        }
        escaped = *stop == '\\';
        return escaped && escaped_string(stop, text, size);
    }

    /// Skips digits and returns how many they are.
    std::ptrdiff_t digits() {
        const char* const from = at;
        while (at < end && is_digit(*at)) ++at;
        return at - from;
    }

    bool number(JsonNode& node) {
        const char* const start = at;
        if (*at == '-') ++at;
        const bool leading_zero = *at == '0';
        const auto whole = digits();
        if (whole == 0 || (leading_zero && whole > 1)) return false;
        if (*at == '.') {
            ++at;
            if (digits() == 0) return false;
        }
        const bool has_exponent = *at == 'e' || *at == 'E';
        if (has_exponent) {
            ++at;
            if (*at == '+' || *at == '-') ++at;
            if (digits() == 0) return false;
        }
        if (at > end) return false;
        constexpr std::ptrdiff_t always_fits = 300;
        if ((has_exponent || at - start > always_fits) && !fits_double(start, at)) return false;
        node.kind = JsonKind::number;
        node.text = start;
        node.size = static_cast<std::uint32_t>(at - start);
        return true;
    }

    bool word(JsonNode& node, std::string_view expected, JsonKind kind) {
        if (std::memcmp(at, expected.data(), expected.size()) != 0) return false;
        node.kind = kind;
        node.text = at;
        node.size = static_cast<std::uint32_t>(expected.size());
        at += expected.size();
        return true;
    }

    bool begin_container(JsonNode& node, JsonKind kind) {
        node.kind = kind;
        node.text = at++;
        if (depth == JsonTree::max_depth) {
            too_deep = true;
            return false;
        }
        open[static_cast<std::size_t>(depth++)] = tree.count_ - 1;
        return true;
    }

    bool string_value(JsonNode& node) {
        bool escaped = false;
        const bool right = string(node.text, node.size, escaped);
        node.escaped = escaped;
        return right;
    }

    [[gnu::always_inline]] bool value(JsonNode& node) {
        node.next = tree.count_;
        switch (*at) {
            case '"':
                ++at;
                node.kind = JsonKind::string;
                return string_value(node);
            case '{':
                return begin_container(node, JsonKind::object);
            case '[':
                return begin_container(node, JsonKind::array);
            case 't':
                return word(node, "true", JsonKind::boolean);
            case 'f':
                return word(node, "false", JsonKind::boolean);
            case 'n':
                return word(node, "null", JsonKind::null);
            default:
                return number(node);
        }
    }

    /// Reads a name and its colon.
    [[gnu::always_inline]] bool name(JsonNode& node) {
        if (*at != '"') return false;
        ++at;
        bool escaped = false;
        if (!string(node.key, node.key_size, escaped)) return false;
        node.key_escaped = escaped;
        if (*at == ':') {
            ++at;
        } else {
            skip_blanks();
            if (at >= end || *at != ':') return false;
            ++at;
        }
        if (is_blank(*at)) skip_blanks();
        return at < end;
    }

    /// Ends the innermost object or array.
    void close() {
        JsonNode& node = tree[open[static_cast<std::size_t>(--depth)]];
        node.size = static_cast<std::uint32_t>(++at - node.text);
        node.next = tree.count_;
    }

    /// Reads a member or an element.
    bool entry(JsonKind of) {
        JsonNode& node = tree.add();
        if (of == JsonKind::object && !name(node)) return false;
        return value(node);
    }

    [[nodiscard]] JsonKind innermost() const {
        return depth > 0 ? tree[open[static_cast<std::size_t>(depth - 1)]].kind : JsonKind::null;
    }

    /// Reads the value at the cursor with all that is inside of it.
    [[gnu::flatten]] bool whole() {
        if (!entry(JsonKind::array)) return false;
        JsonKind kind = innermost();
        bool first = true;  // whether the innermost object or array has nothing yet
        while (kind != JsonKind::null) {
            if (is_blank(*at)) skip_blanks();
            if (at >= end) return false;
            if (*at == (kind == JsonKind::object ? '}' : ']')) {
                close();
                kind = innermost();
                first = false;
                continue;
            }
            if (!first) {
                if (*at != ',') return false;
                ++at;
                if (is_blank(*at)) skip_blanks();
                if (at >= end) return false;
            }
            const int before = depth;
            if (!entry(kind)) return false;
            first = depth > before;
            if (first) kind = innermost();
        }
        return at <= end;
    }
};

JsonNode& JsonTree::add() {
    if (count_ == capacity_) grow();
    JsonNode& node = nodes_[count_++];
    // Each field is set for itself: a copy of an empty node would wait for its bytes to reach the cache.
    node.key = nullptr;
    node.kind = JsonKind::null;
    node.key_escaped = node.escaped = node.taken = node.opened = false;
    return node;
}

void JsonTree::grow() {
    const Index capacity = capacity_ * 2;
    auto nodes = std::make_unique_for_overwrite<JsonNode[]>(capacity);
    std::copy_n(nodes_.get(), count_, nodes.get());
    nodes_ = std::move(nodes);
    capacity_ = capacity;
}

/// Notes where the quotes, backslashes and control characters of a text are. Strings end there, and are found
/// much faster so than each for itself. Returns 0 if all of the text is ASCII.
std::uint64_t JsonTree::find_special_bytes(std::string_view text) {
    const std::size_t words = (text.size() + word_bits - 1) / word_bits;
    if (special_bytes_.size() < words || special_bytes_.size() > words + usual_nodes)
        special_bytes_.resize(words);
    std::uint64_t beyond_ascii = 0;
    for (std::size_t i = 0; i < words; ++i) {
        const StringBits bits = string_bits(text.data() + i * word_bits);
        special_bytes_[i] = bits.special;
        const std::size_t rest = text.size() - i * word_bits;
        beyond_ascii |=
            rest >= word_bits ? bits.beyond_ascii : bits.beyond_ascii & ~(~std::uint64_t{0} << rest);
    }
    return beyond_ascii;
}

ValidationRule JsonTree::read(std::string_view text) {
    count_ = 0;
    if (capacity_ > usual_nodes) {  // a huge message came before
        nodes_ = std::make_unique<JsonNode[]>(first_capacity);
        capacity_ = first_capacity;
    }
    const std::uint64_t beyond_ascii = find_special_bytes(text);
    JsonReading reading(*this, text);
    const auto refuse = [&](ValidationRule rule) {
        count_ = 0;
        nodes_[0] = JsonNode();
        return rule;
    };
    reading.skip_blanks();
    if (reading.at == reading.end) return refuse(ValidationRule::empty_record);
    if (text.starts_with("\xEF\xBB\xBF")) return refuse(ValidationRule::byte_order_mark);
    bool right = reading.whole();
    if (right) {
        reading.skip_blanks();
        right = reading.at == reading.end;
    }
    const bool plain = right && beyond_ascii == 0;
    if (!plain && !simdjson::validate_utf8(text.data(), text.size())) return refuse(ValidationRule::not_utf8);
    if (reading.too_deep) return refuse(ValidationRule::nested_too_deep);
    if (!right) return refuse(ValidationRule::bad_json);
    if (nodes_[0].kind != JsonKind::object) return refuse(ValidationRule::not_an_object);
    return ValidationRule::none;
}

}  // namespace millrace::silver
