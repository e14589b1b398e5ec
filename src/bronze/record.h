#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ordinal.h"

namespace millrace::bronze {

/// Position of a record in its partition, from 0, without gaps in the embedded log.
using Offset = base::Ordinal<struct OffsetTag>;
/// Stands for an offset that is not known.
inline constexpr Offset no_offset{-1};

/// A record header: a name and a value of bytes. `value.data() == nullptr` means null.
struct Header {
    std::string_view key;
    std::string_view value;
};

/// A record as read from a log. The views live until the reader's next poll. At least `record_padding`
/// readable bytes follow each value, so that a SIMD parser may read past its end. A view whose data() is
/// nullptr means null, which is not the same as empty.
struct Record {
    Offset offset{0};
    base::WallTime timestamp;  ///< append time in the embedded log, Kafka's timestamp otherwise
    std::string_view key;
    std::string_view value;
    std::string_view headers;  ///< encoded as in a record batch; decode_headers() reads them
};

inline constexpr std::size_t record_padding = 64;

/// Returns true if a record has headers, and not only their number, which is 0.
inline bool has_headers(const Record& record) {
    return record.headers.size() > 1;
}
/// Decodes the headers of a record, in order.
std::vector<Header> decode_headers(const Record& record);
/// Encodes headers as in a record batch. Returns an empty string for no headers.
std::string encode_headers(const std::vector<Header>& headers);

/// The maximum size of a record (key, value and headers) in bytes, so that hostile input cannot exhaust the
/// memory.
inline constexpr std::size_t max_record_bytes = 64U << 20U;

}  // namespace millrace::bronze
