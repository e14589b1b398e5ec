#include "silver/message/message_fields.h"

#include <algorithm>
#include <charconv>

#include "silver/event_fields.h"
#include "silver/message/sent_time.h"

namespace millrace::silver {

using model::ValidationRule;

namespace {

/// Returns whether `text` has a NUL character. Only a string with escapes can.
bool has_nul(const JsonNode& node, std::string_view text) {
    return node.escaped && text.find('\0') != std::string_view::npos;
}

}  // namespace

std::string_view unescaped_name(const JsonNode& node, TextArena& arena) {
    const std::string_view name = unescape_json(node.name(), arena);
    // A KeyTable reads eight bytes.
    char* const to = arena.begin(name.size() + sizeof(std::uint64_t));
    std::fill_n(to, name.size() + sizeof(std::uint64_t), '\0');
    const std::string_view padded = arena.finish(TextArena::append(to, name) + sizeof(std::uint64_t));
    return padded.substr(0, name.size());
}

std::string_view MessageFields::digits_of(const JsonNode& node) {
    const std::string_view raw = node.value();
    const auto is_sign = [](char c) { return c == '.' || c == 'e' || c == 'E'; };
    if (std::ranges::none_of(raw, is_sign)) return raw;
    const auto number = SentNumber::of_json(raw);
    const auto whole = number ? number->to_whole() : std::nullopt;
    if (!whole) return raw;
    constexpr std::size_t longest = 20;
    char* const to = arena_.begin(longest);
    return arena_.finish(std::to_chars(to, to + longest, *whole).ptr);
}

std::optional<std::string_view> MessageFields::text(Index index) {
    if (index == JsonTree::none) return std::nullopt;
    JsonNode& node = tree_[index];
    if (node.size > max_string_bytes) return std::nullopt;
    if (node.kind == JsonKind::string) {
        const std::string_view text = string_of(node);
        if (has_nul(node, text)) return std::nullopt;
        node.taken = true;
        return text;
    }
    if (node.kind != JsonKind::number) return std::nullopt;
    node.taken = true;
    return digits_of(node);
}

Verdict MessageFields::required_text(Index index, std::string_view field, std::string_view& into) {
    if (index == JsonTree::none) return {};
    if (const auto read = text(index)) {
        into = *read;
    } else if (const JsonNode& node = tree_[index]; node.kind == JsonKind::string) {
        const bool too_long = node.size > max_string_bytes;
        return {too_long ? ValidationRule::field_too_long : ValidationRule::nul_character, field};
    }
    return {};
}

std::optional<SentNumber> MessageFields::number(Index index) {
    if (index == JsonTree::none) return std::nullopt;
    const JsonNode& node = tree_[index];
    if (node.kind == JsonKind::number) return SentNumber::of_json(node.value());
    if (node.kind == JsonKind::string) return SentNumber::of_amount(string_of(node));
    return std::nullopt;
}

std::optional<model::Timestamp> MessageFields::time(Index index) {
    if (index == JsonTree::none) return std::nullopt;
    const JsonNode& node = tree_[index];
    if (node.kind != JsonKind::string && node.kind != JsonKind::number) return std::nullopt;
    return read_sent_time(node.kind == JsonKind::string ? string_of(node) : node.value());
}

}  // namespace millrace::silver
