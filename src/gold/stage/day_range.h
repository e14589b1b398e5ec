#pragma once

#include <cstdint>
#include <string>

namespace millrace::gold {

/// A range of days in the shop's time zone. Both ends are included; days count from 1970-01-01.
struct DayRange {
    std::int64_t from = 0;
    std::int64_t to = 0;

    /// The days for people, such as "2019-10-01 to 2019-10-03".
    [[nodiscard]] std::string text() const;
};

}  // namespace millrace::gold
