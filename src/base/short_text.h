#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

/// Comparisons of short strings without the cost of a library call. An event has ten strings of about a dozen
/// bytes each.
namespace millrace::base {

template <typename Word = std::uint64_t>
Word load_word(const char* from) {
    Word word = 0;
    std::memcpy(&word, from, sizeof word);
    return word;
}

/// Returns a == b. It compares a word at a time, and the last word overlaps the one before it.
inline bool equal_short(std::string_view a, std::string_view b) {
    const std::size_t size = a.size();
    if (size != b.size()) return false;
    const auto same = [&]<typename Word>(std::size_t at, Word /*type*/) {
        return load_word<Word>(a.data() + at) == load_word<Word>(b.data() + at);
    };
    if (size < 4)
        return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
    if (size < 8) return same(0, std::uint32_t()) && same(size - 4, std::uint32_t());
    for (std::size_t i = 0; i + 8 < size; i += 8) {
        if (!same(i, std::uint64_t())) return false;
    }
    return same(size - 8, std::uint64_t());
}

}  // namespace millrace::base
