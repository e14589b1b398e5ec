#pragma once

#include "model/timestamp.h"

/// Times of the tests of Gold, in microseconds.
namespace millrace::gold {

inline constexpr model::Timestamp second = model::us_per_second;
inline constexpr model::Timestamp minute = model::us_per_minute;
inline constexpr model::Timestamp hour = model::us_per_hour;
/// Noon of a day in UTC.
inline constexpr model::Timestamp noon = 20'000 * model::us_per_day + 12 * hour;

}  // namespace millrace::gold
