#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "gold/alerts/alerts.h"
#include "gold/test_times.h"

namespace millrace::gold {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MILLRACE_IS_SLOW
#endif
#endif
#ifdef MILLRACE_IS_SLOW
constexpr unsigned seeds = 2;
#else
constexpr unsigned seeds = 20;
#endif

/// A shop with days, weeks and chance: visits of several events come at a rate that has a curve over the day,
/// a weaker weekend, and a level that differs from day to day.
class LivelyShop {
  public:
    /// One of `visits_per_purchase` visits buys. Without disturbances, there are 24 visits and 62 events a
    /// minute on average.
    explicit LivelyShop(unsigned seed, unsigned visits_per_purchase = 12)
        : random_(seed), visits_per_purchase_(visits_per_purchase) {
        alerts_.adopt(AlertRules());
    }

    /// What differs between two times of a day: the traffic and the prices, as factors of the usual ones.
    struct Disturbance {
        base::Duration from{};
        base::Duration to{};
        double traffic = 1;
        double prices = 1;
    };
    void pass_day(const Disturbance& disturbance) {
        const double level = std::exp(std::normal_distribution(0.0, 0.05)(random_));
        for (base::Duration time{}; time < std::chrono::days(1); time += minute) {
            const bool disturbed = time >= disturbance.from && time < disturbance.to;
            price_factor_ = disturbed ? disturbance.prices : 1;
            pass_minute(level * (disturbed ? disturbance.traffic : 1));
        }
    }
    [[nodiscard]] Timestamp now() const { return now_; }
    /// What has fired since the last call, with the times.
    std::vector<std::pair<std::string, Timestamp>> fired() {
        std::vector<std::pair<std::string, Timestamp>> fired;
        for (const model::Alert& alert : alerts_.unpublished()) {
            if (alert.state == model::Alert::State::firing) fired.emplace_back(alert.rule, alert.at);
        }
        alerts_.published(model::AlertSequence(std::numeric_limits<std::int64_t>::max()));
        return fired;
    }

  private:
    void pass_minute(double factor) {
        const double hour_of_day =
            std::chrono::duration<double>(now_ - std::chrono::floor<std::chrono::days>(now_)) /
            std::chrono::hours(1);
        const auto days = (now_ - std::chrono::floor<std::chrono::weeks>(now_)) / std::chrono::days(1);
        const double curve = 1 + 0.8 * std::sin(2 * std::numbers::pi * (hour_of_day - 9) / 24) -
                             (days >= 2 && days < 4 ? 0.1 : 0);
        const int visits = std::poisson_distribution<int>(factor * 24 * curve)(random_);
        std::vector<Event> events;
        for (int visit = 0; visit < visits; ++visit) add_visit(events);
        now_ += minute;
        alerts_.add(events);
        alerts_.judge(now_);
    }
    void add_visit(std::vector<Event>& events) {
        const Timestamp start = now_ + static_cast<int>(random_() % 60) * second;
        const auto product = strings_[Field::product].add("p" + std::to_string(random_() % 200));
        const auto views = 1 + random_() % 4;
        for (unsigned i = 0; i < views; ++i) events.push_back(event(start, Kind::view, product));
        if (random_() % visits_per_purchase_ == 0) events.push_back(event(start, Kind::purchase, product));
    }
    Event event(Timestamp time, Kind kind, StringId product) {
        return {.time = time,
                .price = model::to_money(price_factor_ * (5 + static_cast<double>(random_() % 60))),
                .kind = kind,
                .user = strings_[Field::user].add("u"),
                .product = product,
                .session = strings_[Field::session].add("s"),
                .currency = strings_[Field::currency].add("EUR")};
    }

    std::mt19937_64 random_;
    unsigned visits_per_purchase_;
    double price_factor_ = 1;
    Strings strings_;
    Alerts alerts_{strings_, model::TimeZone("UTC")};
    Timestamp now_ = std::chrono::floor<std::chrono::days>(noon);
};

TEST(AlertsDisturbance, IsFoundWithinTenMinutesAndNothingElseIsOften) {
    std::vector<std::size_t> false_alarms;
    for (unsigned seed = 1; seed <= seeds; ++seed) {
        LivelyShop shop(seed);
        for (int day = 0; day < 12; ++day) shop.pass_day({});
        std::size_t others = shop.fired().size();
        const auto find = [&](const std::string& rule, base::Duration at, double factor) {
            const Timestamp start = shop.now() + at;
            shop.pass_day({.from = at, .to = at + 30 * minute, .traffic = factor});
            auto fired = shop.fired();
            const auto found = std::ranges::find(fired, rule, &std::pair<std::string, Timestamp>::first);
            ASSERT_NE(found, fired.end()) << rule << " of seed " << seed;
            EXPECT_GE(found->second, start);
            EXPECT_LE(found->second, start + 10 * minute) << rule << " of seed " << seed;
            others += fired.size() - 1;
        };
        find("traffic_gap", 14 * hour, 0);
        find("traffic_gap", 11 * hour, 0.5);
        find("traffic_spike", 17 * hour, 3);
        false_alarms.push_back(others);
    }
    std::ranges::sort(false_alarms);
    EXPECT_LE(false_alarms.back(), 4U);
    EXPECT_LE(false_alarms[false_alarms.size() / 2], 1U);
}

/// The shop has 480 purchases an hour, about as many as one with 5 events a second.
TEST(AlertsDisturbance, HalfOfTheRevenueMissingIsFoundWithinAnHour) {
    for (unsigned seed = 1; seed <= seeds; ++seed) {
        LivelyShop shop(seed, 3);
        for (int day = 0; day < 9; ++day) shop.pass_day({});
        EXPECT_LE(shop.fired().size(), 1U) << "seed " << seed;
        const Timestamp start = shop.now() + 14 * hour;
        shop.pass_day({.from = 14 * hour, .to = 16 * hour, .prices = 0.5});
        const auto fired = shop.fired();
        ASSERT_FALSE(fired.empty()) << "seed " << seed;
        EXPECT_EQ(fired.front().first, "revenue_drop");
        EXPECT_LE(fired.front().second, start + hour) << "seed " << seed;
    }
}

}  // namespace
}  // namespace millrace::gold
