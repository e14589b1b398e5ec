#include "produce/traffic_curve.h"

#include <algorithm>
#include <array>

#include "base/units.h"
#include "produce/random.h"

namespace millrace::produce {

namespace {

/// The traffic at the start of each hour of the day, in any unit.
constexpr std::array<double, 24> hours = {0.45, 0.28, 0.18, 0.15, 0.16, 0.25, 0.45, 0.70,
                                          0.95, 1.15, 1.25, 1.30, 1.30, 1.20, 1.15, 1.15,
                                          1.20, 1.30, 1.45, 1.65, 1.75, 1.60, 1.20, 0.80};
/// The traffic of each weekday from Monday on, in any unit.
constexpr std::array<double, 7> weekdays = {1.06, 1.00, 0.98, 0.98, 0.90, 0.92, 1.16};
constexpr double day_noise = 0.08;
constexpr double minute_noise = 0.25;

template <std::size_t Size>
constexpr double mean(const std::array<double, Size>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(Size);
}
constexpr double hours_mean = mean(hours);
constexpr double weekdays_mean = mean(weekdays);

/// Returns a factor from 1 - `size` to 1 + `size` that is always the same for a number.
double noise(std::int64_t number, double size) {
    const auto bits = scrambled(static_cast<std::uint64_t>(number)) >> 11U;
    return 1 + size * (2 * static_cast<double>(bits) * 0x1.0p-53 - 1);
}

model::Timestamp minute_of(model::Timestamp time) {
    return std::chrono::floor<std::chrono::minutes>(time);
}

}  // namespace

double traffic_at(model::Timestamp time) {
    const std::int64_t day = model::day_of(time);
    const base::Duration minute = minute_of(time) - model::day_start(day);
    const auto hour = static_cast<std::size_t>(minute / std::chrono::hours(1));
    const double within =
        std::chrono::duration<double, std::ratio<3600>>(minute % std::chrono::hours(1)).count();
    const double of_day = hours.at(hour) * (1 - within) + hours.at((hour + 1) % hours.size()) * within;
    const auto weekday = static_cast<std::size_t>(((day + 3) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
    return of_day / hours_mean * weekdays.at(weekday) / weekdays_mean * noise(day, day_noise) *
           noise(model::to_us(minute_of(time)), minute_noise);
}

double traffic_in(model::Timestamp from, model::Timestamp to) {
    double traffic = 0;
    while (from < to) {
        const model::Timestamp end = std::min(minute_of(from) + std::chrono::minutes(1), to);
        traffic += traffic_at(from) * static_cast<double>((end - from).count());
        from = end;
    }
    return traffic;
}

TrafficSpread::TrafficSpread(model::Timestamp from, model::Timestamp to, std::int64_t count)
    : to_(to),
      traffic_between_(traffic_in(from, to) / static_cast<double>(std::max<std::int64_t>(1, count))) {
    enter(from);
}

void TrafficSpread::enter(model::Timestamp start) {
    minute_start_ = start;
    minute_end_ = std::min(minute_of(start) + std::chrono::minutes(1), to_);
    minute_traffic_ = traffic_at(start);
}

model::Timestamp TrafficSpread::next() {
    const double due = traffic_between_ * static_cast<double>(events_++);
    for (;;) {
        const auto length = static_cast<double>((minute_end_ - minute_start_).count());
        const double into = (due - traffic_before_) / minute_traffic_;
        if (into < length || minute_end_ >= to_)
            return minute_start_ +
                   base::Duration(static_cast<std::int64_t>(std::clamp(into, 0.0, length - 1)));
        traffic_before_ += minute_traffic_ * length;
        enter(minute_end_);
    }
}

}  // namespace millrace::produce
