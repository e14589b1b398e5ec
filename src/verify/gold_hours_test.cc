#include "verify/gold_hours.h"

#include <gtest/gtest.h>

namespace millrace::verify {
namespace {

const HourKey ten{model::from_us(1'556'704'800'000'000), "EUR"};

VerifyReport compared(const Hour& gold, const Hour& silver, Ahead ahead) {
    VerifyReport report;
    compare_hours({.published = {{ten, gold}}, .silver = {{ten, silver}}}, ahead, report);
    return report;
}

TEST(GoldHours, AgreeWhenEventsAndRevenueAreEqual) {
    const Hour hour{.events = 3, .gross = 500};
    const VerifyReport report = compared(hour, hour, Ahead::nothing);
    EXPECT_TRUE(report.passed());
    EXPECT_TRUE(report.notes.empty());
    EXPECT_FALSE(compared(hour, {.events = 3, .gross = 499}, Ahead::nothing).passed());
}

TEST(GoldHours, MayLackLateEventsOnceTheyAreClosed) {
    const VerifyReport report = compared({.events = 3}, {.events = 5}, Ahead::nothing);
    EXPECT_TRUE(report.passed());
    ASSERT_EQ(report.notes.size(), 1U);
    EXPECT_TRUE(report.notes.front().starts_with("gold: 2 events came after")) << report.notes.front();
}

TEST(GoldHours, MayLackEventsWhileTheyAreOpenOnlyIfSilverIsAhead) {
    const Hour open{.events = 3, .provisional = true};
    EXPECT_FALSE(compared(open, {.events = 5}, Ahead::nothing).passed());
    const VerifyReport report = compared(open, {.events = 5}, Ahead::rows);
    EXPECT_TRUE(report.passed());
    ASSERT_EQ(report.notes.size(), 1U);
    EXPECT_TRUE(report.notes.front().starts_with("gold: 2 events of open hours")) << report.notes.front();
}

TEST(GoldHours, NeverHaveMoreEventsThanSilver) {
    EXPECT_FALSE(compared({.events = 3}, {.events = 2}, Ahead::rows).passed());
    VerifyReport report;
    compare_hours({.published = {{ten, {.events = 1}}}, .silver = {}}, Ahead::rows, report);
    EXPECT_FALSE(report.passed());
}

}  // namespace
}  // namespace millrace::verify
