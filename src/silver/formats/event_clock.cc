#include "silver/formats/event_clock.h"

namespace millrace::silver {

std::optional<model::Timestamp> time_of_ms(std::int64_t ms) {
    constexpr std::int64_t beyond = 100'000'000'000'000;
    if (ms <= 0 || ms >= beyond) return std::nullopt;
    return ms * 1000;
}

void set_times(const ClockReadings& clock, model::Event& event) {
    if (clock.received) event.with_details().received_at = clock.received;
    if (!clock.timestamp) {
        event.timestamp = clock.received ? *clock.received : clock.logged.value_or(0);
        return;
    }
    event.timestamp = *clock.timestamp;
    if (clock.original && *clock.original != *clock.timestamp)
        event.with_details().device_timestamp = clock.original;
    if (!clock.is_device_clock || !clock.sent || !clock.received) return;
    const std::int64_t skew = *clock.received - *clock.sent;
    if (skew >= -model::us_per_minute && skew <= model::us_per_minute) return;
    event.with_details().device_timestamp = clock.timestamp;
    event.timestamp += skew;
}

}  // namespace millrace::silver
