#pragma once

#include <isa-l/crc.h>

#include <cstdint>
#include <string_view>

namespace millrace::base {

/// CRC-32C (Castagnoli) of `data`, continuing from `seed`; what Kafka's record batches carry.
inline std::uint32_t crc32c(std::string_view data, std::uint32_t seed = 0) {
    // ISA-L leaves the initial and the final inversion to the caller, and only reads through its pointer.
    auto* bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(data.data()));
    return ~crc32_iscsi(bytes, static_cast<int>(data.size()), ~seed);
}

}  // namespace millrace::base
