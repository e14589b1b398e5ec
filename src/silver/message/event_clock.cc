#include "silver/message/event_clock.h"

#include "base/units.h"

namespace millrace::silver {

std::optional<model::Timestamp> plausible_time(base::WallTime time) {
    constexpr base::WallTime beyond = base::from_ms(100'000'000'000'000);
    if (time <= base::WallTime() || time >= beyond) return std::nullopt;
    return time;
}

void set_times(const ClockReadings& clock, model::Event& event) {
    if (clock.received) event.with_details().received_at = clock.received;
    if (!clock.timestamp) {
        event.timestamp = clock.received ? *clock.received : clock.logged.value_or(model::Timestamp());
        return;
    }
    event.timestamp = *clock.timestamp;
    if (clock.original && *clock.original != *clock.timestamp)
        event.with_details().device_timestamp = clock.original;
    if (!clock.is_device_clock || !clock.sent || !clock.received) return;
    const base::Duration skew = *clock.received - *clock.sent;
    if (std::chrono::abs(skew) <= std::chrono::minutes(1)) return;
    event.with_details().device_timestamp = clock.timestamp;
    event.timestamp += skew;
}

}  // namespace millrace::silver
