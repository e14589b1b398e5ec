#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace millrace::silver {

/// What 64 bytes have that a JSON string can't have or ends at: one bit for each byte, the first byte's
/// lowest.
struct StringBits {
    std::uint64_t special = 0;       ///< quotes, backslashes and control characters
    std::uint64_t beyond_ascii = 0;  ///< bytes of multi-byte UTF-8 sequences
};

/// Looks at the 64 bytes at `from`.
#ifdef __AVX2__
inline StringBits string_bits(const char* from) {
    const auto load = [](const char* at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); };
    const auto bits = [](__m256i bytes) {
        return std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes))};
    };
    const auto special = [&](__m256i bytes) {
        const __m256i quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
        const __m256i backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
        const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes);
        return bits(_mm256_or_si256(_mm256_or_si256(quote, backslash), control));
    };
    const __m256i low = load(from);
    const __m256i high = load(from + sizeof(__m256i));
    return {special(low) | special(high) << 32U, bits(low) | bits(high) << 32U};
}
#else
inline StringBits string_bits(const char* from) {
    StringBits bits;
    for (unsigned i = 0; i < 64; ++i) {
        const auto byte = static_cast<unsigned char>(from[i]);
        if (byte < 0x20 || byte == '"' || byte == '\\') bits.special |= std::uint64_t{1} << i;
        if (byte >= 0x80) bits.beyond_ascii |= std::uint64_t{1} << i;
    }
    return bits;
}
#endif

}  // namespace millrace::silver
