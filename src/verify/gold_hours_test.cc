#include "verify/gold_hours.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace millrace::verify {
namespace {

const HourKey ten{model::from_us(1'556'704'800'000'000), "EUR"};  // 2019-05-01T10:00Z
const model::Timestamp eleven = ten.first + std::chrono::hours(1);

/// What is compared of one hour.
struct Compared {
    std::optional<Hour> gold;
    std::optional<Hour> silver;
    model::Timestamp watermark = eleven;
    std::int64_t rows_ahead = 0;
    int late = 0;  ///< number of late events that are noted
};

VerifyReport compared(const Compared& hour) {
    ComparedHours hours{
        .watermark = hour.watermark, .rows_ahead = hour.rows_ahead, .zone = model::TimeZone("UTC")};
    if (hour.gold) hours.published[ten] = *hour.gold;
    if (hour.silver) hours.silver[ten] = *hour.silver;
    const std::vector<gold::Event> events(static_cast<std::size_t>(hour.late), {.time = ten.first});
    hours.late.add({.rows = events, .links = {}, .clocks = {}}, eleven, storage::Version(1), hours.zone);
    VerifyReport report;
    compare_hours(hours, report);
    return report;
}

TEST(GoldHours, AgreeWhenEventsAndRevenueAreEqual) {
    const Hour hour{.events = 3, .gross = 500};
    const VerifyReport report = compared({.gold = hour, .silver = hour});
    EXPECT_TRUE(report.passed());
    EXPECT_TRUE(report.notes.empty());
    EXPECT_FALSE(compared({.gold = hour, .silver = Hour{.events = 3, .gross = 499}}).passed());
}

TEST(GoldHours, MayLackLateEventsOnlyOfDaysThatAreBeingCorrected) {
    const Compared hour{.gold = Hour{.events = 3}, .silver = Hour{.events = 5}, .late = 5};
    const VerifyReport report = compared(hour);
    EXPECT_TRUE(report.passed());
    ASSERT_FALSE(report.notes.empty());
    EXPECT_TRUE(report.notes.front().starts_with("gold: 2 events came after")) << report.notes.front();
    EXPECT_NE(report.notes.front().find("2019-05-01"), std::string::npos) << "the day is named";
    EXPECT_FALSE(compared({.gold = Hour{.events = 3}, .silver = Hour{.events = 5}}).passed());
}

TEST(GoldHours, MayNotLackMoreThanTheLateEventsOfTheirDay) {
    const Compared hour{.gold = Hour{.events = 3}, .silver = Hour{.events = 6}, .late = 2};
    EXPECT_FALSE(compared(hour).passed());
    Compared ahead = hour;
    ahead.rows_ahead = 1;
    const VerifyReport report = compared(ahead);
    EXPECT_TRUE(report.passed());
    ASSERT_EQ(report.notes.size(), 3U);
    EXPECT_TRUE(report.notes[0].starts_with("gold: 2 events came after")) << report.notes[0];
    EXPECT_TRUE(report.notes[1].starts_with("gold: 1 event not processed")) << report.notes[1];
}

TEST(GoldHours, AreMissingOnlyWhileTheyAreOpenOrBeingCorrected) {
    const Hour silver{.events = 5};
    EXPECT_FALSE(compared({.silver = silver}).passed())
        << "the day is absent from Gold, and nothing tells why";
    EXPECT_TRUE(compared({.silver = silver, .late = 5}).passed());
    EXPECT_TRUE(compared({.silver = silver, .watermark = ten.first}).passed()) << "the hour is open";
}

TEST(GoldHours, MayLackRowsThatGoldHasNotProcessed) {
    const Hour open{.events = 3, .provisional = true};
    const Hour silver{.events = 5};
    EXPECT_FALSE(compared({.gold = open, .silver = silver}).passed());
    EXPECT_FALSE(compared({.gold = open, .silver = silver, .rows_ahead = 1}).passed());
    for (const Hour& gold : {open, Hour{.events = 3}}) {
        const VerifyReport report = compared({.gold = gold, .silver = silver, .rows_ahead = 2});
        EXPECT_TRUE(report.passed());
        ASSERT_EQ(report.notes.size(), 1U);
        EXPECT_TRUE(report.notes.front().starts_with("gold: 2 events not processed")) << report.notes.front();
    }
}

TEST(GoldHours, NeverHaveMoreEventsThanSilver) {
    EXPECT_FALSE(
        compared({.gold = Hour{.events = 3}, .silver = Hour{.events = 2}, .rows_ahead = 9, .late = 5})
            .passed());
    EXPECT_FALSE(compared({.gold = Hour{.events = 1}, .rows_ahead = 9}).passed());
}

}  // namespace
}  // namespace millrace::verify
