#pragma once

#include "model/timestamp.h"

/// Units of time for the tests of Gold's operators, in microseconds.
namespace millrace::gold {

inline constexpr model::Timestamp second = model::us_per_second;
inline constexpr model::Timestamp minute = model::us_per_minute;
inline constexpr model::Timestamp hour = model::us_per_hour;

}  // namespace millrace::gold
