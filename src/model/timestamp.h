#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace millrace::model {

/// A time to the microsecond, the unit of every timestamp column. A base::WallTime converts to it.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// Returns the time of a number of microseconds since 1970-01-01T00:00:00Z, as columns and files hold it.
constexpr Timestamp from_us(std::int64_t us) {
    return Timestamp(std::chrono::microseconds(us));
}
/// Returns the microseconds since 1970-01-01T00:00:00Z.
constexpr std::int64_t to_us(Timestamp timestamp) {
    return timestamp.time_since_epoch().count();
}
/// Returns the timestamp without its microseconds, rounded towards 1970.
constexpr base::WallTime to_wall_time(Timestamp timestamp) {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(timestamp);
}

/// Parses ISO 8601 `YYYY-MM-DDTHH:MM[:SS[.fraction]](Z|±HH[:]MM)`; `T` may be a space. The fraction is
/// truncated to µs. A leap second (`:60`) is the first moment of the next minute. Returns nullopt if the text
/// is malformed, names no real date or time of day, or has no offset.
std::optional<Timestamp> parse_timestamp(std::string_view text);

/// Formats a timestamp as `2019-10-01T00:00:00.123456Z`, without the fraction if it is zero.
std::string format_timestamp(Timestamp timestamp);

/// Returns the days since 1970-01-01 UTC, rounded towards the past.
constexpr std::int64_t day_of(Timestamp timestamp) {
    return std::chrono::floor<std::chrono::days>(timestamp).time_since_epoch().count();
}
/// Returns the first moment of a day in UTC.
constexpr Timestamp day_start(std::int64_t day) {
    return std::chrono::sys_days(std::chrono::days(day));
}
/// Returns the hour of the UTC day, 0 to 23.
constexpr int hour_of(Timestamp timestamp) {
    return static_cast<int>((timestamp - day_start(day_of(timestamp))) / std::chrono::hours(1));
}
/// Formats a day number as `YYYY-MM-DD`.
std::string format_day(std::int64_t day);
/// Parses `YYYY-MM-DD` to a day number. Returns nullopt if it is not a date.
std::optional<std::int64_t> parse_day(std::string_view text);

}  // namespace millrace::model
