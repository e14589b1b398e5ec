#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::bronze {

/// Position of a record in its partition, from 0, without gaps in the embedded log.
using Offset = std::int64_t;

/// A record header: a name and bytes; `value.data() == nullptr` stands for null.
struct Header {
    std::string_view key;
    std::string_view value;
};

/// A record as read from a log. The views live until the reader's next poll, and at least `record_padding`
/// readable bytes follow each value (so that a SIMD parser may read past its end). A view whose data() is
/// nullptr is null, which is not the same as empty.
struct Record {
    Offset offset = 0;
    std::int64_t timestamp_ms = 0;  ///< append time in the embedded log, Kafka's timestamp otherwise
    std::string_view key;
    std::string_view value;
    std::string_view headers;  ///< encoded as in a record batch; decode_headers() reads them
};

inline constexpr std::size_t record_padding = 64;

/// The headers of a record, in order.
std::vector<Header> decode_headers(const Record& record);
/// Headers in a record batch's encoding; nothing for none.
std::string encode_headers(const std::vector<Header>& headers);

/// Bytes a record may take at most (key, value and headers), so that hostile input can't exhaust the memory.
inline constexpr std::size_t max_record_bytes = 64U << 20U;

}  // namespace millrace::bronze
