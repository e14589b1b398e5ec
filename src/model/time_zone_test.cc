#include "model/time_zone.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace millrace::model {
namespace {

Timestamp at(std::string_view text) {
    return parse_timestamp(text).value();
}

TEST(TimeZone, UtcDaysAreThoseOfTheCalendar) {
    const TimeZone zone("UTC");
    EXPECT_EQ(zone.day_of(at("2019-10-01T23:59:59Z")), parse_day("2019-10-01"));
    EXPECT_EQ(zone.day_of(at("1969-12-31T23:59:59Z")), -1);
    EXPECT_EQ(zone.day_start(*parse_day("2019-10-01")), at("2019-10-01T00:00:00Z"));
}

TEST(TimeZone, DaysAreTwentyThreeToTwentyFiveHoursLongWhereTheClockChanges) {
    const TimeZone zone("Europe/Berlin");
    const auto spring = parse_day("2024-03-31").value();
    EXPECT_EQ(zone.day_start(spring + 1) - zone.day_start(spring), std::chrono::hours(23));
    const auto autumn = parse_day("2024-10-27").value();
    EXPECT_EQ(zone.day_start(autumn + 1) - zone.day_start(autumn), std::chrono::hours(25));
    EXPECT_EQ(zone.day_of(at("2024-03-30T22:59:59Z")), spring - 1);
    EXPECT_EQ(zone.day_of(at("2024-03-30T23:00:00Z")), spring);
}

TEST(TimeZone, ADayWithoutMidnightBeginsWhereTheClockSkipsIt) {
    const TimeZone zone("America/Sao_Paulo");  // 2018-11-04 began at 01:00
    const auto day = parse_day("2018-11-04").value();
    EXPECT_EQ(zone.day_start(day), at("2018-11-04T03:00:00Z"));
    EXPECT_EQ(zone.day_of(at("2018-11-04T02:59:59Z")), day - 1);
}

TEST(TimeZone, DaysFollowEachOtherWithoutAGap) {
    for (const char* name :
         {"UTC", "Asia/Kolkata", "Pacific/Apia", "America/New_York", "Pacific/Kiritimati"}) {
        const TimeZone zone(name);
        for (std::int64_t day = parse_day("2011-12-20").value(); day < *parse_day("2012-12-20"); ++day) {
            const Timestamp start = zone.day_start(day);
            const Timestamp end = zone.day_start(day + 1);
            ASSERT_LE(start, end) << name << day;
            if (start == end) continue;  // Samoa had no 2011-12-30
            ASSERT_EQ(zone.day_of(start), day) << name;
            ASSERT_EQ(zone.day_of(end - std::chrono::microseconds(1)), day) << name;
        }
    }
}

TEST(TimeZone, AnUnknownNameIsAUsageError) {
    EXPECT_THROW(TimeZone("Mars/Olympus"), Error);
}

}  // namespace
}  // namespace millrace::model
