#include "gold/alerts/traffic.h"

#include <gtest/gtest.h>

#include <cereal/archives/binary.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/string.hpp>
#include <cmath>
#include <sstream>
#include <vector>

#include "gold/test_times.h"

namespace millrace::gold {
namespace {

/// A shop's traffic whose minutes the tests make up. All windows that are evaluated are up to ten minutes.
class TrafficTest : public testing::Test {
  protected:
    static constexpr base::Duration longest = 10 * minute;
    static constexpr RuleSet gap = rule_set(AlertRule::traffic_gap);
    static constexpr RuleSet spike = rule_set(AlertRule::traffic_spike);

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
    /// The views of the last usual minutes before `end`, the latest first.
    [[nodiscard]] std::vector<std::int64_t> last_usual(Timestamp end, int count, RuleSet rules) const {
        std::vector<std::int64_t> views;
        traffic_.last_usual(end, count, rules,
                            [&](const ShopFigures& minute) { views.push_back(minute.views); });
        return views;
    }
    [[nodiscard]] int usual_minutes(Window window, RuleSet rules) const {
        int minutes = 0;
        traffic_.each_usual(window, rules, [&](const ShopFigures&) { ++minutes; });
        return minutes;
    }

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
    EXPECT_DOUBLE_EQ(figures.net_in("EUR"), 6);
    EXPECT_DOUBLE_EQ(figures.net_in("USD"), 5);
    EXPECT_DOUBLE_EQ(figures.net_in("GBP"), 0);
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
    EXPECT_EQ(usual_minutes(last(3 * minute), gap), 2);
    EXPECT_EQ(last_usual(now_, 60, gap).size(), 2U);
}

TEST_F(TrafficTest, TheLastUsualMinutesAreThoseThatAreNotFrozen) {
    pass(31, 6);
    pass(10, 1);
    traffic_.note(last(10 * minute), AlertRule::traffic_gap, true);
    EXPECT_EQ(last_usual(now_, 60, gap), std::vector<std::int64_t>(30, 6));
    EXPECT_EQ(last_usual(now_, 12, spike).front(), 1) << "they are frozen for another rule only";
    EXPECT_EQ(usual_minutes(last(20 * minute), gap), 10);
    EXPECT_EQ(usual_minutes(last(20 * minute), 0), 20);
    pass(10, 2);
    traffic_.note(last(10 * minute), AlertRule::traffic_gap, false);
    EXPECT_EQ(last_usual(now_, 3, gap), std::vector<std::int64_t>(3, 2));
    EXPECT_EQ(last_usual(now_ - 15 * minute, 3, gap), std::vector<std::int64_t>(3, 6));
}

TEST_F(TrafficTest, ANoteIsFoundInWindowsThatOverlapItOnly) {
    pass(30, 1);
    traffic_.note({now_ - 5 * minute, now_}, AlertRule::traffic_gap, false);
    EXPECT_TRUE(traffic_.is_noted({now_ - 8 * minute, now_ - 4 * minute}, gap));
    EXPECT_FALSE(traffic_.is_noted({now_ - 8 * minute, now_ - 5 * minute}, gap));
    EXPECT_FALSE(traffic_.is_noted(last(5 * minute), spike));
    EXPECT_TRUE(traffic_.is_noted(last(5 * minute), gap | spike));
}

TEST_F(TrafficTest, AnEventThatIsMoreThan80MinutesLateIsDropped) {
    pass(90, 1);
    add(now_ - 80 * minute - second);
    EXPECT_EQ(traffic_.in(last(90 * minute)).events, 90);
    add(now_ - 80 * minute);
    EXPECT_EQ(traffic_.in(last(90 * minute)).events, 91);
}

TEST_F(TrafficTest, MinutesOfMoreThanADayAgoAreForgotten) {
    pass(30 * 60, 1);
    EXPECT_EQ(traffic_.in({noon, now_}).events, 26 * 60);
}

TEST_F(TrafficTest, ASavedStateGoesOnAsItWas) {
    pass(90, 5);
    traffic_.note(last(10 * minute), AlertRule::traffic_gap, true);
    add(now_, Kind::purchase, 12.34);
    std::stringstream saved;
    cereal::BinaryOutputArchive{saved}(traffic_);
    const auto later = [&] {
        pass(30, 7);
        auto views = last_usual(now_, 60, gap);
        views.push_back(std::llround(100 * traffic_.in(last(hour)).net_in("EUR")));
        return views;
    };
    const Timestamp then = now_;
    const auto uninterrupted = later();
    EXPECT_EQ(uninterrupted.back(), 1234);
    traffic_ = Traffic();
    cereal::BinaryInputArchive{saved}(traffic_);
    now_ = then;
    EXPECT_EQ(later(), uninterrupted);
}

}  // namespace
}  // namespace millrace::gold
