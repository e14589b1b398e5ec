#include "bronze/partitioner.h"

#include <cstring>

namespace millrace::bronze {

std::uint32_t murmur2(std::string_view key) {
    constexpr std::uint32_t m = 0x5bd1e995;
    constexpr std::uint32_t r = 24;
    std::uint32_t hash = 0x9747b28cU ^ static_cast<std::uint32_t>(key.size());
    for (; key.size() >= 4; key.remove_prefix(4)) {
        std::uint32_t k = 0;
        std::memcpy(&k, key.data(), 4);  // little-endian, as the Java code reads it
        k *= m;
        k ^= k >> r;
        k *= m;
        hash = hash * m ^ k;
    }
    if (!key.empty()) {
        for (std::size_t i = key.size(); i-- > 0;) {
            hash ^= static_cast<std::uint32_t>(static_cast<std::uint8_t>(key[i])) << (8 * i);
        }
        hash *= m;
    }
    hash ^= hash >> 13U;
    hash *= m;
    hash ^= hash >> 15U;
    return hash;
}

}  // namespace millrace::bronze
