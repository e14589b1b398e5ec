#include "produce/traffic_curve.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/units.h"

namespace millrace::produce {
namespace {

constexpr model::Timestamp monday = model::from_us(1'759'708'800'000'000);  // 2025-10-06T00:00:00Z
constexpr base::Duration us{1};

TEST(TrafficCurve, ItsMeanIsOne) {
    const auto weeks = static_cast<double>(base::Duration(std::chrono::weeks(12)).count());
    EXPECT_NEAR(traffic_in(monday, monday + std::chrono::weeks(12)) / weeks, 1, 0.03);
    EXPECT_EQ(traffic_in(monday, monday), 0);
    EXPECT_EQ(traffic_in(monday, monday - std::chrono::hours(1)), 0);
}

TEST(TrafficCurve, EveningsAreBusierThanNightsAndSundaysThanFridays) {
    const auto hours = [](model::Timestamp day, int from, int to) {
        return traffic_in(day + std::chrono::hours(from), day + std::chrono::hours(to));
    };
    double friday = 0;
    double sunday = 0;
    for (int week = 0; week < 8; ++week) {
        const model::Timestamp start = monday + std::chrono::weeks(week);
        for (int day = 0; day < 7; ++day) {
            const model::Timestamp midnight = start + std::chrono::days(day);
            EXPECT_GT(hours(midnight, 19, 22), 5 * hours(midnight, 2, 5));
        }
        friday += hours(start + std::chrono::days(4), 0, 24);
        sunday += hours(start + std::chrono::days(6), 0, 24);
    }
    EXPECT_GT(sunday, 1.15 * friday);
}

TEST(TrafficCurve, WeeksAreNotAllTheSame) {
    const double first = traffic_in(monday, monday + std::chrono::days(7));
    const double second = traffic_in(monday + std::chrono::days(7), monday + std::chrono::days(14));
    EXPECT_NE(first, second);
    EXPECT_NEAR(first / second, 1, 0.15);
}

TEST(TrafficCurve, AMomentBefore1970HasTraffic) {
    for (model::Timestamp time{-std::chrono::days(9)}; time < model::Timestamp();
         time += std::chrono::minutes(7) + us)
        EXPECT_GT(traffic_at(time), 0);
}

TEST(TrafficSpread, EventsFollowTheTrafficInOrder) {
    const model::Timestamp from = monday + std::chrono::hours(5) + 17 * us;
    const model::Timestamp to = from + std::chrono::days(3) + 90'001 * us;
    constexpr std::int64_t count = 300'000;
    TrafficSpread spread(from, to, count);
    std::vector<std::int64_t> by_hour(73);
    model::Timestamp before = from;
    for (std::int64_t i = 0; i < count; ++i) {
        const model::Timestamp time = spread.next();
        ASSERT_GE(time, before);
        ASSERT_LT(time, to);
        ++by_hour[static_cast<std::size_t>((time - from) / std::chrono::hours(1))];
        before = time;
    }
    EXPECT_GT(before, to - std::chrono::minutes(1));
    const double all = traffic_in(from, to);
    for (std::size_t hour = 0; hour < 72; ++hour) {
        const model::Timestamp start = from + std::chrono::hours(hour);
        EXPECT_NEAR(static_cast<double>(by_hour[hour]),
                    traffic_in(start, start + std::chrono::hours(1)) / all * static_cast<double>(count), 2)
            << hour;
    }
}

TEST(TrafficSpread, OneEventAndAMomentAreEnough) {
    TrafficSpread spread(monday, monday + us, 1);
    EXPECT_EQ(spread.next(), monday);
    EXPECT_EQ(spread.next(), monday) << "events beyond the count stay before the end";
}

}  // namespace
}  // namespace millrace::produce
