#pragma once

#include "base/units.h"
#include "model/timestamp.h"

/// Times of the tests of Gold.
namespace millrace::gold {

inline constexpr base::Duration second = std::chrono::seconds(1);
inline constexpr base::Duration minute = std::chrono::minutes(1);
inline constexpr base::Duration hour = std::chrono::hours(1);
/// Noon of a day in UTC.
inline constexpr model::Timestamp noon{std::chrono::days(20'000) + 12 * hour};

}  // namespace millrace::gold
