#pragma once

#include <cstdint>
#include <optional>

#include "model/event.h"

namespace millrace::silver {

/// The times that a message and its request name.
struct ClockReadings {
    std::optional<model::Timestamp> timestamp;  ///< of the event
    bool is_device_clock = true;                ///< false if somebody has corrected `timestamp`
    std::optional<model::Timestamp> original;  ///< of the event by the device's clock, where it was corrected
    std::optional<model::Timestamp> sent;      ///< of the sending, by the device's clock
    std::optional<model::Timestamp> received;  ///< of the arrival, by ours
    std::optional<model::Timestamp> logged;    ///< of the record
};

/// Returns the time, or nullopt if it is at or before 1970 or beyond the year 5138: then nobody set it.
std::optional<model::Timestamp> plausible_time(base::WallTime time);

/// Sets the event's timestamp, received_at and device_timestamp. If the device's clock differs from ours by
/// more than a minute when it sends, the time of the event is corrected by the difference, as Segment does it
/// (https://segment.com/docs/connections/spec/common/#timestamps). Without a time, it is that of the
/// arrival, or else of the record.
void set_times(const ClockReadings& clock, model::Event& event);

}  // namespace millrace::silver
