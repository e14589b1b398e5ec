#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

/// What a library call costs too much for: the strings of an event have a dozen bytes, and there are ten in
/// each.
namespace millrace::base {

/// Eight bytes at a time; the last word overlaps the one before it.
inline std::uint64_t load_word(const char* from) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, sizeof word);
    return word;
}

/// a == b.
inline bool equal_short(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    if (a.size() < 8) {
        for (std::size_t i = 0; i < a.size(); ++i) {
            if (a[i] != b[i]) return false;
        }
        return true;
    }
    for (std::size_t i = 0; i + 8 < a.size(); i += 8) {
        if (load_word(a.data() + i) != load_word(b.data() + i)) return false;
    }
    return load_word(a.data() + a.size() - 8) == load_word(b.data() + b.size() - 8);
}

/// True when `text` has `wanted` in it. Seven bytes behind `text` must be readable.
inline bool contains_padded(std::string_view text, char wanted) {
    constexpr std::uint64_t ones = 0x0101010101010101ULL;
    const std::uint64_t pattern = ones * static_cast<std::uint8_t>(wanted);
    for (std::size_t i = 0; i < text.size(); i += 8) {
        const std::uint64_t zero_where_found = load_word(text.data() + i) ^ pattern;
        std::uint64_t found = (zero_where_found - ones) & ~zero_where_found & (ones << 7U);
        if (found == 0) continue;
        if (i + 8 <= text.size()) return true;
        found <<= 8 * (i + 8 - text.size());  // what lies behind the text doesn't count
        if (found != 0) return true;
    }
    return false;
}

}  // namespace millrace::base
