#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bronze/record.h"

namespace millrace::bronze {

/// What intake noted about a message. It stands in the record's headers, so that the record's value stays
/// exactly what the sender sent. A view whose data() is nullptr is absent.
struct Origin {
    std::string_view format;    ///< `native`, `segment`, `ga4`, `rees46`, …; absent: the shape decides
    std::string_view path;      ///< the path of the HTTP request, such as `/v1/batch`
    std::string_view source;    ///< the source that the write key belongs to
    std::string_view request;   ///< the Idempotency-Key of the request
    std::string_view place;     ///< the number of the message in its request or file, from 0
    std::string_view received;  ///< the time of arrival, milliseconds since 1970
    /// JSON of what the request says for all of its messages: the members around a batch, and the query's.
    std::string_view shared;
    std::string_view columns;  ///< the header line of a CSV file
    /// The position from which a corrected record was replayed, the first one if it was corrected again.
    std::string_view replayed;

    /// The time of arrival, if it is known.
    [[nodiscard]] std::optional<std::int64_t> received_ms() const;
};

/// The names of the headers.
namespace origin_header {
inline constexpr std::string_view format = "millrace-format";
inline constexpr std::string_view path = "millrace-path";
inline constexpr std::string_view source = "millrace-source";
inline constexpr std::string_view request = "millrace-request";
inline constexpr std::string_view place = "millrace-place";
inline constexpr std::string_view received = "millrace-received";
inline constexpr std::string_view shared = "millrace-shared";
inline constexpr std::string_view columns = "millrace-columns";
inline constexpr std::string_view replayed = "millrace-replayed-from";
}  // namespace origin_header

/// Returns a record's position `topic/epoch/partition/offset`. The ids of events without one are derived from
/// it, so a corrected record has to name its first position in the same words.
std::string position_text(std::string_view topic, int epoch, int partition, Offset offset);

/// Reads the origin from a record's headers. The views point into the record. Other headers are left alone.
Origin read_origin(const Record& record);
/// Returns the headers of an origin, without those that are absent. They point into `origin`.
std::vector<Header> origin_headers(const Origin& origin);

}  // namespace millrace::bronze
