#include "silver/formats/event_type_name.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace millrace::silver {

namespace {

constexpr std::size_t most_characters = 64;
constexpr std::size_t hash_characters = 9;  // a `_` and eight digits

struct CharacterRange {
    std::uint32_t first;
    std::uint32_t last;
};

// The blocks of Unicode beyond ASCII that have punctuation, signs and pictures, and no letters.
constexpr std::array<CharacterRange, 13> signs_of_unicode = {{
    {0x80, 0xA9},
    {0xAB, 0xB4},
    {0xB6, 0xB9},
    {0xBB, 0xBF},
    {0xD7, 0xD7},
    {0xF7, 0xF7},
    {0x2000, 0x2070},
    {0x20A0, 0x20CF},
    {0x2190, 0x2BFF},
    {0x3000, 0x3004},
    {0x3008, 0x3020},
    {0xE000, 0xF8FF},
    {0x1F000, 0x1FAFF},
}};

bool is_sign(std::uint32_t character) {
    return std::ranges::any_of(signs_of_unicode, [&](const CharacterRange& range) {
        return character >= range.first && character <= range.last;
    });
}

/// Removes the first character of a UTF-8 text and returns it.
std::string_view take_character(std::string_view& text) {
    std::size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80) ++size;
    const std::string_view character = text.substr(0, size);
    text.remove_prefix(size);
    return character;
}

std::uint32_t code_point(std::string_view character) {
    constexpr std::array<std::uint8_t, 5> lead_bits = {0, 0x7F, 0x1F, 0x0F, 0x07};
    const std::size_t size = std::min<std::size_t>(character.size(), 4);
    auto point = static_cast<std::uint32_t>(static_cast<std::uint8_t>(character[0])) & lead_bits[size];
    for (std::size_t i = 1; i < size; ++i)
        point = point << 6U | (static_cast<std::uint8_t>(character[i]) & 0x3FU);
    return point;
}

void append_character(std::string& type, std::string_view character) {
    const char c = character[0];
    if (character.size() > 1) {
        if (is_sign(code_point(character))) {
            type += '_';
        } else {
            type += character;
        }
    } else if (c >= 'A' && c <= 'Z') {
        type += static_cast<char>(c - 'A' + 'a');
    } else {
        const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
        type += allowed ? c : '_';
    }
}

}  // namespace

std::string event_type_of_name(std::string_view name) {
    std::string type;
    std::size_t cut = 0;  // the size of `type` from which a hash fits
    std::size_t count = 0;
    for (std::string_view rest = name; !rest.empty(); ++count) {
        if (count == most_characters - hash_characters) cut = type.size();
        if (count == most_characters)
            return fmt::format("{}_{:08x}", std::string_view(type).substr(0, cut),
                               static_cast<std::uint32_t>(XXH3_64bits(name.data(), name.size())));
        append_character(type, take_character(rest));
    }
    return type;
}

}  // namespace millrace::silver
