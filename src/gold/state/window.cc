#include "gold/state/window.h"

#include <array>

namespace millrace::gold {

Window aligned(Timestamp time, base::Duration length) {
    Timestamp start = time - time.time_since_epoch() % length;
    if (start > time) start -= length;  // before 1970 the remainder is negative
    return {start, start + length};
}

std::string_view grain_name(Grain grain) {
    constexpr std::array<std::string_view, 3> names = {"minute", "hour", "day"};
    return names[static_cast<std::size_t>(grain)];
}

Window window_at(Grain grain, Timestamp time, const model::TimeZone& zone) {
    switch (grain) {
        case Grain::minute:
            return aligned(time, std::chrono::minutes(1));
        case Grain::hour:
            return aligned(time, std::chrono::hours(1));
        case Grain::day:
            break;
    }
    const std::int64_t day = zone.day_of(time);
    return {zone.day_start(day), zone.day_start(day + 1)};
}

}  // namespace millrace::gold
