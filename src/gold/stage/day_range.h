#pragma once

#include <cstdint>

namespace millrace::gold {

/// Days of the shop's time zone, both included; days since 1970-01-01.
struct DayRange {
    std::int64_t from = 0;
    std::int64_t to = 0;
};

}  // namespace millrace::gold
