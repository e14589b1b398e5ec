#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// Integers of Kafka's record format: zigzag varints and big-endian fixed widths
/// (https://kafka.apache.org/documentation/#recordbatch).
namespace millrace::bronze {

inline constexpr std::size_t max_varint_bytes = 10;

constexpr std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}

constexpr std::size_t varint_size(std::int64_t value) {
    std::size_t size = 1;
    for (std::uint64_t rest = zigzag(value) >> 7U; rest != 0; rest >>= 7U) ++size;
    return size;
}

/// Writes `value` at `into`, which must have room for max_varint_bytes. Returns the end of the written bytes.
inline char* put_varint(char* into, std::int64_t value) {
    std::uint64_t rest = zigzag(value);
    while (rest >= 0x80) {
        *into++ = static_cast<char>(rest | 0x80U);
        rest >>= 7U;
    }
    *into++ = static_cast<char>(rest);
    return into;
}

/// Takes a varint off the front of `from`. Returns false if it is truncated or too long.
inline bool take_varint(std::string_view& from, std::int64_t& value) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < from.size() && i < max_varint_bytes; ++i) {
        const auto byte = static_cast<std::uint8_t>(from[i]);
        bits |= static_cast<std::uint64_t>(byte & 0x7FU) << (7 * i);
        if (byte < 0x80) {
            from.remove_prefix(i + 1);
            value = static_cast<std::int64_t>(bits >> 1U) ^ -static_cast<std::int64_t>(bits & 1U);
            return true;
        }
    }
    return false;
}

/// Takes a varint length and that many bytes. A length of -1 means null. Returns false if `from` is too
/// short.
inline bool take_bytes(std::string_view& from, std::string_view& bytes) {
    std::int64_t length = 0;
    if (!take_varint(from, length) || length > static_cast<std::int64_t>(from.size())) return false;
    if (length < 0) {
        bytes = {};
        return length == -1;
    }
    bytes = from.substr(0, static_cast<std::size_t>(length));
    from.remove_prefix(bytes.size());
    return true;
}

template <typename Integer>
Integer swap_bytes(Integer value) {
    if constexpr (sizeof(Integer) == 8)
        return static_cast<Integer>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
    if constexpr (sizeof(Integer) == 4)
        return static_cast<Integer>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
    if constexpr (sizeof(Integer) == 2)
        return static_cast<Integer>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
    return value;
}

template <typename Integer>
Integer get_big_endian(const char* from) {
    Integer value;
    std::memcpy(&value, from, sizeof value);
    return swap_bytes(value);
}

template <typename Integer>
void put_big_endian(char* into, Integer value) {
    value = swap_bytes(value);
    std::memcpy(into, &value, sizeof value);
}

}  // namespace millrace::bronze
