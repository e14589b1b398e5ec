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

/// Reads ISO 8601 `YYYY-MM-DDTHH:MM[:SS[.fraction]](Z|±HH[:]MM)`; `T` may be a space. Up to nine digits of
/// fraction, cut to µs. Nothing when it is malformed, names no real date or time of day, or has no offset.
/// Second 60 is refused.
std::optional<Timestamp> parse_timestamp(std::string_view text);

/// `2019-10-01T00:00:00.123456Z`; the fraction is left out when it is zero.
std::string format_timestamp(Timestamp timestamp);

/// Days since 1970-01-01, UTC; rounds towards the past.
constexpr std::int64_t day_of(Timestamp timestamp) {
    return timestamp >= 0 ? timestamp / us_per_day : -((-timestamp + us_per_day - 1) / us_per_day);
}
/// Hour of the UTC day, 0 to 23.
constexpr int hour_of(Timestamp timestamp) {
    return static_cast<int>((timestamp - day_of(timestamp) * us_per_day) / us_per_hour);
}
/// A day number as `YYYY-MM-DD`.
std::string format_day(std::int64_t day);
/// The day number of `YYYY-MM-DD`, or nothing when it is not a date.
std::optional<std::int64_t> parse_day(std::string_view text);

}  // namespace millrace::model
