#pragma once

#include <iosfwd>
#include <set>
#include <utility>
#include <vector>

#include "gold/state/window.h"
#include "model/time_zone.h"

namespace millrace::gold {

/// The times of events that count differently since other events came late. Their days are corrected at once,
/// and again when the watermark has closed the hour and the day that contain them, since windows that were
/// open keep what was added to them.
class ChangedTimes {
  public:
    explicit ChangedTimes(model::TimeZone zone) : zone_(std::move(zone)) {}

    void add(const std::set<Timestamp>& times);
    /// Returns the times whose days must be corrected now.
    [[nodiscard]] std::vector<Timestamp> take(Timestamp watermark);

    /// Write and read the state.
    void save(std::ostream& stream) const;
    void load(std::istream& stream);

  private:
    model::TimeZone zone_;
    std::set<Timestamp> added_;                       // those that take() has not returned
    std::set<std::pair<Timestamp, Timestamp>> told_;  // when it returns those again, and these
};

}  // namespace millrace::gold
