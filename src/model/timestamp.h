#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::model {

/// Microseconds since 1970-01-01T00:00:00Z.
using Timestamp = std::int64_t;

inline constexpr std::int64_t us_per_second = 1'000'000;
inline constexpr std::int64_t us_per_minute = 60 * us_per_second;
inline constexpr std::int64_t us_per_hour = 3600 * us_per_second;
inline constexpr std::int64_t us_per_day = 24 * us_per_hour;

/// Parses ISO 8601 `YYYY-MM-DDTHH:MM[:SS[.fraction]](Z|±HH[:]MM)`; `T` may be a space. The fraction may have
/// up to nine digits and is truncated to µs. Returns nullopt if the text is malformed, names no real date or
/// time of day, has second 60, or has no offset.
std::optional<Timestamp> parse_timestamp(std::string_view text);

/// Formats a timestamp as `2019-10-01T00:00:00.123456Z`, without the fraction if it is zero.
std::string format_timestamp(Timestamp timestamp);

/// Returns the days since 1970-01-01 UTC, rounded towards the past.
constexpr std::int64_t day_of(Timestamp timestamp) {
    return timestamp >= 0 ? timestamp / us_per_day : -((-timestamp + us_per_day - 1) / us_per_day);
}
/// Returns the hour of the UTC day, 0 to 23.
constexpr int hour_of(Timestamp timestamp) {
    return static_cast<int>((timestamp - day_of(timestamp) * us_per_day) / us_per_hour);
}
/// Formats a day number as `YYYY-MM-DD`.
std::string format_day(std::int64_t day);
/// Parses `YYYY-MM-DD` to a day number. Returns nullopt if it is not a date.
std::optional<std::int64_t> parse_day(std::string_view text);

}  // namespace millrace::model
