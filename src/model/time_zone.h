#pragma once

#include <memory>
#include <string>

#include "model/timestamp.h"

namespace date {
class time_zone;
}

namespace millrace::model {

/// The days of an IANA time zone. A day begins at its local midnight or, where the clock skips midnight, at
/// the moment of the skip. So days last 23 to 25 hours and follow each other without a gap. Not thread-safe,
/// because an object caches the day that was last asked for: give each thread a copy.
class TimeZone {
  public:
    /// Throws a usage Error if the zone is unknown.
    explicit TimeZone(const std::string& name);

    /// Returns the day of `timestamp` as days since 1970-01-01.
    [[nodiscard]] std::int64_t day_of(Timestamp timestamp) const;
    /// Returns the first moment of a day.
    [[nodiscard]] Timestamp day_start(std::int64_t day) const;
    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    std::string name_;
    const date::time_zone* zone_;  // null for UTC
    mutable std::int64_t day_ = 0;
    mutable Timestamp start_;
    mutable Timestamp end_;  // end of day_; equal to start_ while no day is cached
};

}  // namespace millrace::model
