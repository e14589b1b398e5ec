#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::bronze {

/// Kafka's murmur2 (32 bits, seed 0x9747b28c), as its Java clients compute it.
std::uint32_t murmur2(std::string_view key);

/// The partition of a key, the same as Kafka's default partitioner gives. A null key hashes as the empty one.
inline int partition_of(std::string_view key, int partitions) {
    return static_cast<int>((murmur2(key) & 0x7FFFFFFFU) % static_cast<std::uint32_t>(partitions));
}

}  // namespace millrace::bronze
