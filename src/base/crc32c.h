#pragma once

#include <isa-l/crc.h>

#include <cstdint>
#include <string_view>

namespace millrace::base {

/// Returns the CRC-32C (Castagnoli) of `data`, continued from `seed`. Kafka's record batches carry this
/// checksum.
inline std::uint32_t crc32c(std::string_view data, std::uint32_t seed = 0) {
    // ISA-L leaves the initial and the final inversion to the caller. It only reads through its non-const
    // pointer.
    auto* bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(data.data()));
    return ~crc32_iscsi(bytes, static_cast<int>(data.size()), ~seed);
}

}  // namespace millrace::base
