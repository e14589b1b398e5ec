#pragma once

#include <memory>
#include <string>

#include "model/timestamp.h"

namespace date {
class time_zone;
}

namespace millrace::model {

/// The days of an IANA time zone. A day begins at its local midnight or, where the clock skips that, at the
/// moment of the skip, so days last 23 to 25 hours and follow each other without a gap. It remembers the day
/// it was last asked for: not thread-safe, copy it.
class TimeZone {
  public:
    /// Throws a usage Error when the zone is unknown.
    explicit TimeZone(const std::string& name);

    /// The day that a moment lies in: days since 1970-01-01.
    [[nodiscard]] std::int64_t day_of(Timestamp timestamp) const;
    /// The first moment of a day.
    [[nodiscard]] Timestamp day_start(std::int64_t day) const;
    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    std::string name_;
    const date::time_zone* zone_;  // nothing: UTC
    mutable std::int64_t day_ = 0;
    mutable Timestamp start_ = 0;
    mutable Timestamp end_ = 0;  // of day_; the same as start_ when no day was asked for
};

}  // namespace millrace::model
