#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace millrace::silver {

/// What a block of bytes has that a JSON string can't have or ends at: one bit for each byte, the first
/// byte's lowest.
struct StringBits {
    std::uint32_t special;       ///< quotes, backslashes and control characters
    std::uint32_t beyond_ascii;  ///< bytes of multi-byte UTF-8 sequences
};

/// string_bits() reads this many bytes.
#ifdef __AVX2__
inline constexpr std::size_t string_bits_bytes = 32;

inline StringBits string_bits(const char* from) {
    const auto bits = [](__m256i bytes) { return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes)); };
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    const __m256i quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
    const __m256i backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
    const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes);
    return {bits(_mm256_or_si256(_mm256_or_si256(quote, backslash), control)), bits(bytes)};
}
#else
inline constexpr std::size_t string_bits_bytes = 8;

inline StringBits string_bits(const char* from) {
    StringBits bits{};
    for (std::size_t i = 0; i < string_bits_bytes; ++i) {
        const auto byte = static_cast<unsigned char>(from[i]);
        if (byte < 0x20 || byte == '"' || byte == '\\') bits.special |= 1U << i;
        if (byte >= 0x80) bits.beyond_ascii |= 1U << i;
    }
    return bits;
}
#endif

}  // namespace millrace::silver
