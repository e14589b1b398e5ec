#pragma once

#include <cstdint>
#include <string_view>

namespace millrace::bronze {

/// Returns Kafka's murmur2 hash (32 bits, seed 0x9747b28c), as its Java clients compute it.
std::uint32_t murmur2(std::string_view key);

/// Returns the partition that Kafka's default partitioner gives to a key. A null key hashes as an empty one.
inline int partition_of(std::string_view key, int partitions) {
    return static_cast<int>((murmur2(key) & 0x7FFFFFFFU) % static_cast<std::uint32_t>(partitions));
}

}  // namespace millrace::bronze
