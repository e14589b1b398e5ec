#include "produce/traffic_curve.h"

#include <gtest/gtest.h>

#include <vector>

namespace millrace::produce {
namespace {

using model::us_per_day, model::us_per_hour, model::us_per_minute;

constexpr model::Timestamp monday = 1'759'708'800'000'000;  // 2025-10-06T00:00:00Z

TEST(TrafficCurve, ItsMeanIsOne) {
    const double weeks = 12 * 7 * static_cast<double>(us_per_day);
    EXPECT_NEAR(traffic_in(monday, monday + 12 * 7 * us_per_day) / weeks, 1, 0.03);
    EXPECT_EQ(traffic_in(monday, monday), 0);
    EXPECT_EQ(traffic_in(monday, monday - us_per_hour), 0);
}

TEST(TrafficCurve, EveningsAreBusierThanNightsAndSundaysThanFridays) {
    const auto hours = [](model::Timestamp day, int from, int to) {
        return traffic_in(day + from * us_per_hour, day + to * us_per_hour);
    };
    double friday = 0;
    double sunday = 0;
    for (int week = 0; week < 8; ++week) {
        const model::Timestamp start = monday + week * 7 * us_per_day;
        for (int day = 0; day < 7; ++day) {
            const model::Timestamp midnight = start + day * us_per_day;
            EXPECT_GT(hours(midnight, 19, 22), 5 * hours(midnight, 2, 5));
        }
        friday += hours(start + 4 * us_per_day, 0, 24);
        sunday += hours(start + 6 * us_per_day, 0, 24);
    }
    EXPECT_GT(sunday, 1.15 * friday);
}

TEST(TrafficCurve, WeeksAreNotAllTheSame) {
    const double first = traffic_in(monday, monday + 7 * us_per_day);
    const double second = traffic_in(monday + 7 * us_per_day, monday + 14 * us_per_day);
    EXPECT_NE(first, second);
    EXPECT_NEAR(first / second, 1, 0.15);
}

TEST(TrafficCurve, AMomentBefore1970HasTraffic) {
    for (model::Timestamp time = -9 * us_per_day; time < 0; time += 7 * us_per_minute + 1)
        EXPECT_GT(traffic_at(time), 0);
}

TEST(TrafficSpread, EventsFollowTheTrafficInOrder) {
    const model::Timestamp from = monday + 5 * us_per_hour + 17;
    const model::Timestamp to = from + 3 * us_per_day + 90'001;
    constexpr std::int64_t count = 300'000;
    TrafficSpread spread(from, to, count);
    std::vector<std::int64_t> by_hour(73);
    model::Timestamp before = from;
    for (std::int64_t i = 0; i < count; ++i) {
        const model::Timestamp time = spread.next();
        ASSERT_GE(time, before);
        ASSERT_LT(time, to);
        ++by_hour[static_cast<std::size_t>((time - from) / us_per_hour)];
        before = time;
    }
    EXPECT_GT(before, to - us_per_minute);
    const double all = traffic_in(from, to);
    for (std::size_t hour = 0; hour < 72; ++hour) {
        const model::Timestamp start = from + static_cast<std::int64_t>(hour) * us_per_hour;
        EXPECT_NEAR(static_cast<double>(by_hour[hour]),
                    traffic_in(start, start + us_per_hour) / all * static_cast<double>(count), 2)
            << hour;
    }
}

TEST(TrafficSpread, OneEventAndAMomentAreEnough) {
    TrafficSpread spread(monday, monday + 1, 1);
    EXPECT_EQ(spread.next(), monday);
    EXPECT_EQ(spread.next(), monday) << "events beyond the count stay before the end";
}

}  // namespace
}  // namespace millrace::produce
