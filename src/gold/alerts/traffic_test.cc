#include "gold/alerts/traffic.h"

#include <gtest/gtest.h>

#include <cereal/archives/binary.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/string.hpp>
#include <sstream>

#include "gold/test_times.h"

namespace millrace::gold {
namespace {

constexpr base::Duration day = std::chrono::days(1);

/// A shop's traffic whose minutes the tests make up. All windows that are evaluated are up to ten minutes.
class TrafficTest : public testing::Test {
  protected:
    static constexpr base::Duration longest = 10 * minute;

    void add(Timestamp time, Kind kind = Kind::view, double price = 10, std::string_view currency = "EUR") {
        traffic_.add({.time = time, .price = model::to_money(price), .kind = kind}, currency);
    }
    /// Lets minutes with so many views pass.
    void pass(int minutes, int views) {
        for (int i = 0; i < minutes; ++i) {
            for (int n = 0; n < views; ++n) add(now_ + n * second);
            now_ += minute;
            traffic_.pass(now_, longest);
        }
    }
    /// The window of this length that ends now.
    [[nodiscard]] Window last(base::Duration length) const { return {now_ - length, now_}; }

    Traffic traffic_;
    Timestamp now_ = noon;
};

TEST_F(TrafficTest, RevenueIsThatOfPurchasesWithoutRefundsByCurrency) {
    add(noon, Kind::purchase, 10);
    add(noon, Kind::purchase, 5, "USD");
    add(noon, Kind::refund, 4);
    add(noon, Kind::view, 100);
    const ShopFigures figures = traffic_.in({noon, noon + minute});
    EXPECT_EQ(figures.events, 4);
    EXPECT_EQ(figures.views, 1);
    EXPECT_EQ(figures.purchases, 2);
    EXPECT_EQ(figures.revenue.at("EUR").purchases, 1);
    EXPECT_TRUE(figures.revenue.at("EUR").net == model::to_money(6));
    EXPECT_TRUE(figures.revenue.at("USD").net == model::to_money(5));
}

TEST_F(TrafficTest, AWindowIncludesItsFirstMinuteAndNotItsEnd) {
    add(noon - second);
    add(noon);
    add(noon + minute - second);
    add(noon + minute);
    EXPECT_EQ(traffic_.in({noon, noon + minute}).events, 2);
}

TEST_F(TrafficTest, TheFirstMinuteIsNotComplete) {
    now_ = noon;
    add(noon + 50 * second);
    EXPECT_EQ(traffic_.next({no_watermark, end_of_time}), noon);
    pass(3, 0);
    EXPECT_EQ(traffic_.begins(), noon + minute);
    EXPECT_EQ(traffic_.baseline(last(minute)).minutes, 1) << "only the minute before counts";
}

TEST_F(TrafficTest, TheLastHourIsTheBaselineUntilThereAreEarlierDays) {
    pass(1, 1);
    pass(59, 6);
    const Traffic::Baseline usual = traffic_.baseline(last(longest));
    EXPECT_EQ(usual.minutes, 49) << "those before the window, without the first one";
    EXPECT_DOUBLE_EQ(usual.views, 60);
    pass(60, 12);
    EXPECT_EQ(traffic_.baseline({now_, now_ + longest}).minutes, 60);
    EXPECT_DOUBLE_EQ(traffic_.baseline({now_, now_ + longest}).events, 120) << "the quiet hour is too old";
}

TEST_F(TrafficTest, FrozenMinutesAreNotUsual) {
    pass(31, 6);
    pass(10, 0);
    traffic_.note(last(10 * minute), AlertRule::traffic_gap, true);
    const Window next{now_, now_ + longest};
    EXPECT_EQ(traffic_.baseline(next).minutes, 30);
    EXPECT_DOUBLE_EQ(traffic_.baseline(next).views, 60);
    pass(10, 0);
    traffic_.note(last(10 * minute), AlertRule::traffic_gap, false);
    EXPECT_EQ(traffic_.baseline({now_, now_ + longest}).minutes, 40);
    EXPECT_DOUBLE_EQ(traffic_.baseline({now_, now_ + longest}).views, 45);
}

TEST_F(TrafficTest, ANoteIsFoundInWindowsThatOverlapItOnly) {
    pass(30, 1);
    traffic_.note({now_ - 5 * minute, now_}, AlertRule::traffic_gap, false);
    const unsigned gap = rule_bit(AlertRule::traffic_gap);
    EXPECT_TRUE(traffic_.is_noted({now_ - 8 * minute, now_ - 4 * minute}, gap));
    EXPECT_FALSE(traffic_.is_noted({now_ - 8 * minute, now_ - 5 * minute}, gap));
    EXPECT_FALSE(traffic_.is_noted(last(5 * minute), rule_bit(AlertRule::traffic_spike)));
    EXPECT_TRUE(traffic_.is_noted(last(5 * minute), gap | rule_bit(AlertRule::traffic_spike)));
}

TEST_F(TrafficTest, TheSameHoursOfEarlierDaysAreTheBaselineOfAWindowAcrossThem) {
    now_ = noon - minute;
    pass(1, 1);
    pass(60, 6);
    pass(60, 12);
    pass(22 * 60, 1);
    EXPECT_EQ(now_, noon + day);
    // Five minutes like the first hour, and five like the second one.
    const Traffic::Baseline usual =
        traffic_.baseline({noon + day + 55 * minute, noon + day + hour + 5 * minute});
    EXPECT_EQ(usual.minutes, 120);
    EXPECT_DOUBLE_EQ(usual.views, 5 * 6 + 5 * 12);
}

TEST_F(TrafficTest, AnHourOfWhichLessThanHalfIsKnownIsNoBaseline) {
    const auto usual_minutes_of = [](int known) {
        Traffic traffic;
        Timestamp now = noon + hour - (known + 1) * minute;
        for (; now < noon + day; now += minute) {
            traffic.add({.time = now, .kind = Kind::view}, "EUR");
            traffic.pass(now + minute, longest);
        }
        return traffic.baseline({noon + day, noon + day + longest}).minutes;
    };
    EXPECT_EQ(usual_minutes_of(30), 30) << "those of the hour a day ago";
    EXPECT_EQ(usual_minutes_of(29), 60) << "the last hour";
}

TEST_F(TrafficTest, AnEventOfAMinuteThatNoWindowNeedsIsDropped) {
    pass(30, 1);
    add(now_ - longest - second);
    EXPECT_EQ(traffic_.in(last(30 * minute)).events, 30);
    add(now_ - longest);
    EXPECT_EQ(traffic_.in(last(30 * minute)).events, 31);
}

TEST_F(TrafficTest, ASavedStateGoesOnWithTheSameBaseline) {
    pass(26 * 60, 5);
    std::stringstream saved;
    cereal::BinaryOutputArchive{saved}(traffic_);
    const auto views_later = [&] {
        pass(30, 7);
        return traffic_.baseline(last(longest)).views;
    };
    const Timestamp then = now_;
    const double uninterrupted = views_later();
    EXPECT_DOUBLE_EQ(uninterrupted, 50) << "as it was a day ago";
    traffic_ = Traffic();
    cereal::BinaryInputArchive{saved}(traffic_);
    now_ = then;
    EXPECT_DOUBLE_EQ(views_later(), uninterrupted);
}

}  // namespace
}  // namespace millrace::gold
