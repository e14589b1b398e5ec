#pragma once

#include <cstdint>

namespace millrace::gold {

/// A range of days in the shop's time zone. Both ends are included; days count from 1970-01-01.
struct DayRange {
    std::int64_t from = 0;
    std::int64_t to = 0;
};

}  // namespace millrace::gold
