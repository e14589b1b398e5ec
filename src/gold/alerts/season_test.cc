#include "gold/alerts/season.h"

#include <gtest/gtest.h>

#include <cereal/archives/binary.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/optional.hpp>
#include <cmath>
#include <functional>
#include <random>
#include <sstream>

namespace millrace::gold {
namespace {

constexpr Season::SlotNumber slots_of_day = 24 * 6;
constexpr Season::SlotNumber slots_of_week = 7 * slots_of_day;

/// A season of slots that the tests make up. It begins on a Monday at midnight UTC.
class SeasonTest : public testing::Test {
  protected:
    using Value = std::function<double(Season::SlotNumber since_begin)>;

    /// Lets slots pass. Each is settled six slots later, and windows of one slot are remembered.
    void pass(Season::SlotNumber count, const Value& value) {
        for (; count > 0; --count, ++next_) {
            season_.begin(begin_ + next_, zone_, 1);
            values_.push_back(value(next_));
            if (const auto usual = expectation()) {
                season_.note_low({values_.back(), 0});
                season_.note_high(values_.back());
                season_.remember(values_.back(), usual->low, usual->by_days);
            }
            if (next_ >= 6)
                season_.settle(begin_ + next_ - 6, {values_[static_cast<std::size_t>(next_ - 6)], 0}, 10);
        }
    }
    /// What is usual for the last slot that has begun.
    [[nodiscard]] std::optional<Season::Expectation> expectation() const {
        const Season::SlotNumber slot = begin_ + static_cast<Season::SlotNumber>(values_.size()) - 1;
        return season_.expectation({Season::start_of(slot), Season::start_of(slot + 1)}, {});
    }
    /// Many events by day, few at night.
    static double with_nights(Season::SlotNumber slot) {
        return 1000 + 900 * std::sin(2 * 3.141592653589793 * static_cast<double>(slot % slots_of_day) /
                                     static_cast<double>(slots_of_day));
    }

    model::TimeZone zone_{"UTC"};
    Season season_{Season::Kind::count};
    Season::SlotNumber begin_ = Season::slot_of(model::from_us(1'704'672'000'000'000));  // 2024-01-08
    Season::SlotNumber next_ = 0;
    std::vector<double> values_;
};

TEST_F(SeasonTest, IsNotKnownOnTheFirstDay) {
    pass(slots_of_day - 10, with_nights);
    EXPECT_FALSE(expectation());
}

TEST_F(SeasonTest, OfADayIsThatOfTheDaysBeforeUntilAWeekIsKnown) {
    pass(2 * slots_of_day + 36, with_nights);
    ASSERT_TRUE(expectation());
    EXPECT_TRUE(expectation()->by_days);
    EXPECT_NEAR(expectation()->low.mean, with_nights(35), 10);
    pass(6 * slots_of_day, with_nights);
    EXPECT_FALSE(expectation()->by_days);
}

TEST_F(SeasonTest, OfAWeekKnowsItsDays) {
    const auto closed_on_sunday = [](Season::SlotNumber slot) {
        return slot / slots_of_day % 7 == 6 ? 0 : with_nights(slot);
    };
    pass(3 * slots_of_week - slots_of_day / 2, closed_on_sunday);
    EXPECT_DOUBLE_EQ(expectation()->low.mean, 0) << "a Sunday noon";
    pass(slots_of_day, closed_on_sunday);
    EXPECT_NEAR(expectation()->low.mean, with_nights(slots_of_day / 2), 60) << "a Monday noon";
}

TEST_F(SeasonTest, FollowsTheLevelOfTheLastHours) {
    pass(3 * slots_of_week, with_nights);
    pass(slots_of_day, [](Season::SlotNumber slot) { return 1.3 * with_nights(slot); });
    EXPECT_NEAR(expectation()->low.mean / with_nights(next_ - 1), 1.3, 0.05);
}

TEST_F(SeasonTest, LearnsHowMuchValuesDiffer) {
    std::mt19937_64 random(7);
    // Bursts of ten events each.
    const auto noisy = [&](Season::SlotNumber slot) {
        return 10.0 * static_cast<double>(std::poisson_distribution<int>(with_nights(slot) / 10)(random));
    };
    pass(4 * slots_of_week, noisy);
    EXPECT_NEAR(expectation()->low.dispersion, 10, 4);
}

TEST_F(SeasonTest, AValueThatWasAsLowTwiceIsUsual) {
    const auto maintenance = [](Season::SlotNumber slot) {
        return slot % slots_of_week == 2 * slots_of_day ? 5 : with_nights(slot);
    };
    pass(4 * slots_of_week + 2 * slots_of_day + 1, maintenance);
    EXPECT_LE(expectation()->low.extreme.value_or(-1), 5);
    pass(slots_of_day, maintenance);
    EXPECT_GT(expectation()->low.extreme.value_or(-1), 500);
}

TEST_F(SeasonTest, IsThatOfTheLocalClock) {
    zone_ = model::TimeZone("Europe/Berlin");
    // Opens at 10:00 and closes at 18:00 in Berlin; the clocks change on 2024-03-31.
    const model::TimeZone berlin("Europe/Berlin");
    const auto open = [&](Season::SlotNumber slot) {
        const Timestamp time = Season::start_of(begin_ + slot);
        const auto hour = (time - berlin.day_start(berlin.day_of(time))) / std::chrono::hours(1);
        return hour >= 10 && hour < 18 ? 1000.0 : 0.0;
    };
    const auto change = Season::slot_of(model::from_us(1'711'843'200'000'000)) - begin_;  // 2024-03-31
    pass(change, open);
    pass(slots_of_day + 8 * 6 + 3, open);
    EXPECT_EQ(values_.back(), 1000) << "it is Monday, 10:20 in Berlin, an hour earlier in UTC than before";
    EXPECT_GT(expectation()->low.mean, 600);
}

TEST_F(SeasonTest, ASlotOfWhichLessThanHalfIsKnownIsUnknown) {
    season_.begin(begin_, zone_, 1);
    season_.settle(begin_, {100, 0}, 4);
    EXPECT_DOUBLE_EQ(season_.week_mean(), 0);
    for (Season::SlotNumber slot = 1; slot < 20; ++slot) season_.begin(begin_ + slot, zone_, 1);
    EXPECT_DOUBLE_EQ(season_.week_mean(), 0);
    season_.settle(begin_ + 1, {50, 0}, 5);
    season_.begin(begin_ + 26, zone_, 1);
    EXPECT_DOUBLE_EQ(season_.week_mean(), 100) << "scaled to ten minutes";
}

TEST_F(SeasonTest, ForgetsWhatWasMoreThanFiveWeeksAgo) {
    pass(slots_of_week, [](Season::SlotNumber) { return 9000.0; });
    pass(6 * slots_of_week, with_nights);
    EXPECT_NEAR(expectation()->low.mean, with_nights(next_ - 1), 20);
    season_.begin(begin_ + 50 * slots_of_week, zone_, 1);
    EXPECT_FALSE(season_.expectation(
        {Season::start_of(begin_ + 50 * slots_of_week), Season::start_of(begin_ + 50 * slots_of_week + 1)},
        {}));
}

TEST_F(SeasonTest, ARateIsExpectedOfWhatItIsCountedPer) {
    Season rate(Season::Kind::rate);
    for (Season::SlotNumber slot = 0; slot < 2 * slots_of_week; ++slot) {
        rate.begin(begin_ + slot, zone_, 1);
        if (slot >= 6) rate.settle(begin_ + slot - 6, {30, 1000}, 10);
    }
    const Season::SlotNumber last = begin_ + 2 * slots_of_week - 1;
    const auto usual =
        rate.expectation({Season::start_of(last), Season::start_of(last + 1)}, {.value = 1, .per = 500});
    ASSERT_TRUE(usual);
    EXPECT_NEAR(usual->low.mean, 15, 0.01) << "3% of 500";
}

TEST_F(SeasonTest, ASavedStateGoesOnAsItWas) {
    pass(2 * slots_of_week + 17, with_nights);
    std::stringstream saved;
    cereal::BinaryOutputArchive{saved}(season_);
    const auto next = next_;
    const auto values = values_;
    const auto later = [&] {
        pass(slots_of_day, with_nights);
        return std::pair(expectation()->low.mean, expectation()->low.dispersion);
    };
    const auto uninterrupted = later();
    season_ = Season(Season::Kind::count);
    cereal::BinaryInputArchive{saved}(season_);
    next_ = next;
    values_ = values;
    EXPECT_EQ(later(), uninterrupted);
}

}  // namespace
}  // namespace millrace::gold
