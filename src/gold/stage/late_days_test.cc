#include "gold/stage/late_days.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "gold/test_times.h"

namespace millrace::gold {
namespace {

const model::TimeZone utc("UTC");
const std::int64_t today = utc.day_of(noon);
constexpr base::Duration one_day = 24 * hour;

bool any(TableGroup /*group*/, std::int64_t /*day*/) {
    return true;
}

class LateDaysTest : public testing::Test {
  protected:
    void add(Timestamp time, Timestamp watermark, std::int64_t version) {
        late_.add(Events{.rows = {{.time = time}}, .links = {}, .clocks = {}}, watermark,
                  storage::Version(version), utc);
    }
    [[nodiscard]] std::vector<std::int64_t> days(TableGroup group) const {
        std::vector<std::int64_t> days;
        for (const auto& [at, late] : late_.of(group)) days.push_back(at - today);
        return days;
    }
    [[nodiscard]] std::optional<Correction> next(Timestamp watermark) const {
        return late_.next(watermark, utc, any);
    }

    LateDays late_;
};

TEST_F(LateDaysTest, AnEventIsLateOnceItsMinuteIsClosed) {
    add(noon, no_watermark, 1);
    add(noon, noon + second, 1);
    add(noon + 59 * second, noon + 59 * second, 1);
    EXPECT_TRUE(late_.empty());
    add(noon, noon + minute, 2);
    EXPECT_EQ(late_.events(), 1);
    EXPECT_EQ(late_.of(TableGroup::windows).at(today).version, storage::Version(2));
}

TEST_F(LateDaysTest, AnEventTouchesTheSessionsOfTheDayBeforeAndOfTwoDaysAfter) {
    add(noon, noon + hour, 1);
    EXPECT_THAT(days(TableGroup::windows), testing::ElementsAre(0));
    EXPECT_THAT(days(TableGroup::sessions), testing::ElementsAre(-1, 0, 1, 2));
}

TEST_F(LateDaysTest, AnEventAfterMidnightTouchesWindowsThatBeganTheDayBefore) {
    add(noon + 12 * hour + minute, noon + one_day, 1);
    EXPECT_THAT(days(TableGroup::windows), testing::ElementsAre(0, 1));
    EXPECT_EQ(late_.events(), 1) << "the event counts on its own day only";
}

TEST_F(LateDaysTest, TheNewestDaysAreCorrectedFirstAndAMonthAtMost) {
    for (int back = 0; back < 34; ++back) add(noon - back * one_day, noon + one_day, 1);
    add(noon - 50 * one_day, noon + one_day, 1);
    const auto first = next(noon + one_day);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->group, TableGroup::windows);
    EXPECT_EQ(first->days.to, today);
    EXPECT_EQ(first->days.from, today - 30);
    late_.remove(*first, storage::Version(1), late_);
    EXPECT_EQ(next(noon + one_day)->days.to, today - 31);
    EXPECT_EQ(next(noon + one_day)->days.from, today - 33);
}

TEST_F(LateDaysTest, SessionsAreCorrectedAfterTheSecondMidnightOfTheirDay) {
    add(noon, noon + hour, 1);
    late_.remove({.days = {today, today}, .group = TableGroup::windows}, storage::Version(1), late_);
    const auto before = next(noon + hour);
    ASSERT_FALSE(before) << "on the same day, no session of this day or the day before is certainly over";
    const auto yesterday = next(noon + one_day);
    ASSERT_TRUE(yesterday);
    EXPECT_EQ(yesterday->days.from, today - 1);
    EXPECT_EQ(yesterday->days.to, today - 1);
    EXPECT_EQ(next(noon + 2 * one_day)->days.to, today);
    EXPECT_EQ(next(noon + 3 * one_day)->days.to, today + 1);
}

TEST_F(LateDaysTest, EventsThatComeDuringACorrectionWaitForTheNextOne) {
    add(noon, noon + hour, 1);
    const LateDays before = late_;
    add(noon, noon + hour, 2);
    late_.remove({.days = {today, today}, .group = TableGroup::windows}, storage::Version(1), before);
    EXPECT_EQ(late_.events(), 1);
    late_.remove({.days = {today, today}, .group = TableGroup::windows}, storage::Version(2), late_);
    EXPECT_EQ(late_.events(), 0);
    EXPECT_THAT(days(TableGroup::sessions), testing::SizeIs(4));
}

TEST_F(LateDaysTest, DaysThatWereRecomputedSinceAreRemoved) {
    add(noon, noon + one_day, 5);
    add(noon - one_day, noon + one_day, 7);
    late_.remove_corrected([](TableGroup group, std::int64_t) {
        return storage::Version(group == TableGroup::windows ? 5 : 6);
    });
    EXPECT_THAT(days(TableGroup::windows), testing::ElementsAre(-1));
    EXPECT_THAT(days(TableGroup::sessions), testing::ElementsAre(-2, -1, 0, 1))
        << "all but the day of version 5 only";
}

TEST_F(LateDaysTest, AreReadAsTheyWereWritten) {
    add(noon, noon + hour, 5);
    add(noon + 12 * hour, noon + one_day, 9);
    EXPECT_EQ(LateDays::from_json(late_.to_json()), late_);
    EXPECT_TRUE(LateDays::from_json({{"windows", {{1, 2}, "x", {1, 2, "y"}}}}).empty());
}

TEST_F(LateDaysTest, TextNamesFewDaysAndCountsMany) {
    EXPECT_EQ(late_.text(TableGroup::windows), "");
    add(noon, noon + hour, 1);
    EXPECT_EQ(late_.text(TableGroup::windows), model::format_day(today) + " (1 event)");
    for (int back = 1; back < 5; ++back) add(noon - back * one_day, noon + hour, 1);
    EXPECT_EQ(late_.text(TableGroup::windows), "5 days from " + model::format_day(today - 4) + " to " +
                                                   model::format_day(today) + " (5 events)");
}

}  // namespace
}  // namespace millrace::gold
