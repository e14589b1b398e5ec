#include "gold/alerts/alerts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cereal/archives/binary.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/vector.hpp>
#include <cmath>
#include <numbers>
#include <sstream>

#include "gold/alerts/alert_archive.h"
#include "gold/test_times.h"

namespace millrace::gold {
namespace {

using model::Alert;

/// A shop with minutes that the tests make up, and the alerts that follow from them.
class AlertsTest : public testing::Test {
  protected:
    AlertsTest() { alerts().adopt(rules_); }

    /// The alerts, with the strings that their events refer to.
    struct State {
        Strings strings;
        Alerts alerts{strings, model::TimeZone("UTC")};
    };
    Alerts& alerts() { return state_->alerts; }
    Strings& strings() { return state_->strings; }

    /// What happens in one minute.
    struct Minute {
        int views = 60;
        int carts = 0;
        int purchases = 2;
        double price = 50;
    };

    Event event(Timestamp time, Kind kind, int number, double price) {
        return {.time = time,
                .price = model::to_money(price),
                .kind = kind,
                .user = strings()[Field::user].add("u" + std::to_string(number)),
                .product = strings()[Field::product].add("p" + std::to_string(number % 50)),
                .session = strings()[Field::session].add("s" + std::to_string(number)),
                .currency = strings()[Field::currency].add("EUR")};
    }
    /// Lets `count` minutes like this one pass, from `now_` on.
    void pass(int count, const Minute& like) {
        for (int i = 0; i < count; ++i, now_ += minute) {
            std::vector<Event> events;
            const auto add = [&](int of, Kind kind) {
                for (int n = 0; n < of; ++n)
                    events.push_back(event(now_ + n * minute / of, kind, number_ + n, like.price));
            };
            add(like.views, Kind::view);
            add(like.carts, Kind::add_to_cart);
            add(like.purchases, Kind::purchase);
            number_ += like.views + like.carts;
            alerts().add(events);
            alerts().judge(now_ + minute);
        }
    }
    /// Lets Silver commit at `now_`.
    void commit(std::int64_t received, std::int64_t quarantined, std::int64_t behind = 0,
                base::Duration age = {}) {
        received_ += received;
        quarantined_ += quarantined;
        alerts().judge(PipelineHealth{.committed_at = model::to_wall_time(now_),
                                      .newest = now_ - age,
                                      .partitions = {{0, received_, quarantined_, behind}}});
    }
    /// The changes of alerts since the last call, in order, such as "lag firing".
    std::vector<std::string> changes() {
        std::vector<std::string> found;
        for (const Alert& alert : alerts().unpublished())
            found.push_back(alert.rule + (alert.subject.empty() ? "" : " " + alert.subject) + " " +
                            std::string(state_name(alert.state)));
        last_ = alerts().unpublished();
        alerts().published(model::AlertSequence(std::numeric_limits<std::int64_t>::max()));
        return found;
    }
    using Changes = std::vector<std::string>;

    AlertRules rules_;
    std::unique_ptr<State> state_ = std::make_unique<State>();
    Timestamp now_ = noon;
    int number_ = 0;
    std::int64_t received_ = 0;
    std::int64_t quarantined_ = 0;
    std::vector<Alert> last_;
};

TEST_F(AlertsTest, ASteadyShopIsQuiet) {
    pass(300, {.carts = 3});
    EXPECT_EQ(changes(), Changes());
}

TEST_F(AlertsTest, AGapIsOneAlertAndNoOtherOneFollowsFromIt) {
    pass(90, {});
    pass(100, {.views = 1, .purchases = 0});
    EXPECT_EQ(changes(), Changes{"traffic_gap firing"});
    const std::string id = last_.front().id;
    pass(120, {});
    EXPECT_EQ(changes(), Changes{"traffic_gap resolved"});
    EXPECT_EQ(last_.front().id, id);
}

TEST_F(AlertsTest, ADayOfSilenceIsOneAlert) {
    pass(90, {});
    now_ += std::chrono::days(30);
    pass(40, {});
    EXPECT_EQ(changes(), (Changes{"traffic_gap firing", "traffic_gap resolved"}));
}

TEST_F(AlertsTest, TheFirstMinutesAreNoGapAndNoSpike) {
    pass(1, {.views = 3, .purchases = 0});  // the shop opens just before the end of the minute
    pass(30, {});
    pass(20, {.views = 400});
    EXPECT_EQ(changes(), Changes());
}

TEST_F(AlertsTest, ASpikeFiresOnceThereIsAnHourToCompareWith) {
    pass(90, {});
    pass(20, {.views = 400, .purchases = 2});
    EXPECT_EQ(changes(), Changes{"traffic_spike firing"});
    pass(40, {});
    EXPECT_EQ(changes(), Changes{"traffic_spike resolved"});
}

TEST_F(AlertsTest, ASpikeEndsWhenTheShopCloses) {
    pass(90, {});
    pass(20, {.views = 400, .purchases = 2});
    ASSERT_EQ(changes(), Changes{"traffic_spike firing"});
    EXPECT_TRUE(last_.front().message.starts_with("a rate of ")) << last_.front().message;
    pass(20, {.views = 0, .purchases = 0});
    const auto later = changes();
    EXPECT_TRUE(std::ranges::find(later, "traffic_spike resolved") != later.end());
}

TEST_F(AlertsTest, AShopThatClosesAtNightIsQuiet) {
    for (int day = 0; day < 10; ++day) {
        pass(14 * 60, {});
        pass(10 * 60, {.views = 0, .purchases = 0});
    }
    changes();
    const auto in_first_nights = last_.size();
    EXPECT_LE(in_first_nights, 2U) << "nobody can know in the first night that the shop closes";
    for (int day = 0; day < 10; ++day) {
        pass(14 * 60, {});
        pass(10 * 60, {.views = 0, .purchases = 0});
    }
    EXPECT_EQ(changes(), Changes());
    pass(2 * 60, {});
    pass(15, {.views = 25, .purchases = 1});
    EXPECT_EQ(changes(), Changes{"traffic_gap firing"}) << "half of the traffic is missing by day";
}

TEST_F(AlertsTest, AFiringAlertTellsThePresentValue) {
    pass(90, {});
    pass(20, {.views = 1, .purchases = 0});
    ASSERT_EQ(changes(), Changes{"traffic_gap firing"});
    EXPECT_EQ(last_.front().unit, "events");
    EXPECT_LT(last_.front().value, last_.front().threshold);
    pass(10, {.views = 5, .purchases = 0});
    const auto firing = alerts().firing();
    ASSERT_EQ(firing.size(), 1U);
    EXPECT_EQ(firing.front().id, last_.front().id);
    EXPECT_DOUBLE_EQ(firing.front().value, 50);
    EXPECT_TRUE(firing.front().message.starts_with("50 events in 10 minutes")) << firing.front().message;
    EXPECT_EQ(firing.front().at, last_.front().at) << "the time at which it fired";
    pass(60, {});
    EXPECT_TRUE(alerts().firing().empty());
}

TEST_F(AlertsTest, ADropOfConversionIsNotAlsoOneOfRevenue) {
    pass(120, {});
    pass(90, {.purchases = 0});
    EXPECT_EQ(changes(), Changes{"conversion_drop firing"});
    pass(120, {});
    EXPECT_EQ(changes(), Changes{"conversion_drop resolved"});
}

TEST_F(AlertsTest, PricesThatFallAreADropOfRevenue) {
    pass(180, {});
    pass(90, {.price = 0.5});
    EXPECT_EQ(changes(), Changes{"revenue_drop EUR firing"});
    pass(120, {});
    EXPECT_EQ(changes(), Changes{"revenue_drop EUR resolved"});
}

TEST_F(AlertsTest, CartsThatNobodyBuysAreAbandoned) {
    pass(120, {.views = 60, .carts = 4, .purchases = 0});
    EXPECT_EQ(changes(), Changes{"cart_abandonment firing"});
}

TEST_F(AlertsTest, TooFewEventsProveNothing) {
    pass(90, {.views = 1, .purchases = 0});
    pass(60, {.views = 0, .purchases = 0});
    EXPECT_EQ(changes(), Changes());
}

TEST_F(AlertsTest, AConditionMustHoldForAWhile) {
    rules_[AlertRule::traffic_gap].pending = 30 * minute;
    alerts().adopt(rules_);
    pass(90, {});
    pass(20, {.views = 1, .purchases = 0});
    pass(90, {});
    EXPECT_EQ(changes(), Changes());
}

TEST_F(AlertsTest, ARuleThatIsSwitchedOffIsResolved) {
    pass(90, {});
    pass(30, {.views = 1, .purchases = 0});
    EXPECT_EQ(changes(), Changes{"traffic_gap firing"});
    rules_[AlertRule::traffic_gap].enabled = false;
    alerts().adopt(rules_);
    pass(2, {.views = 1, .purchases = 0});
    EXPECT_EQ(changes(), Changes{"traffic_gap resolved"});
}

TEST_F(AlertsTest, QuarantineLagAndFreshnessAreThoseOfTheCommits) {
    for (int i = 0; i < 10; ++i, now_ += minute) commit(1000, 5);
    EXPECT_EQ(changes(), Changes());
    for (int i = 0; i < 10; ++i, now_ += minute) commit(1000, 200);
    EXPECT_EQ(changes(), Changes{"quarantine_rate firing"});
    for (int i = 0; i < 20; ++i, now_ += minute) commit(1000, 0, 500'000, second);
    EXPECT_EQ(changes(), (Changes{"lag firing", "quarantine_rate resolved"}));
    for (int i = 0; i < 20; ++i, now_ += minute) commit(1000, 0, 500, 10 * minute);
    EXPECT_EQ(changes(), (Changes{"lag resolved", "freshness firing"}));
    for (int i = 0; i < 5; ++i, now_ += minute) commit(1000, 0);
    EXPECT_EQ(changes(), Changes{"freshness resolved"});
}

TEST_F(AlertsTest, LogTimeStandsInWhenNothingComes) {
    pass(90, {});
    commit(5000, 0);
    const base::WallTime committed_at = model::to_wall_time(now_);
    EXPECT_FALSE(alerts().tick_due(committed_at + std::chrono::seconds(30))) << "the minute is not over";
    for (int i = 1; i <= 20; ++i) {
        EXPECT_TRUE(alerts().tick_due(committed_at + std::chrono::minutes(i)));
        alerts().tick(committed_at + std::chrono::minutes(i));
    }
    EXPECT_EQ(changes(), Changes{"traffic_gap firing"});
    now_ += 20 * minute;
    pass(30, {});
    EXPECT_EQ(changes(), Changes{"traffic_gap resolved"});
}

TEST_F(AlertsTest, SilenceOfAnImportIsNoSilenceOfTheShop) {
    pass(90, {});
    now_ += std::chrono::days(300);
    commit(5000, 0);
    for (int i = 1; i <= 20; ++i) alerts().tick(model::to_wall_time(now_) + std::chrono::minutes(i));
    EXPECT_EQ(changes(), Changes());
}

TEST_F(AlertsTest, ASilverThatStandsStillIsNotFresh) {
    commit(1000, 0, 10);
    for (int i = 1; i <= 10; ++i) alerts().tick(model::to_wall_time(now_) + std::chrono::minutes(i));
    EXPECT_EQ(changes(), Changes{"freshness firing"});
}

TEST_F(AlertsTest, ASavedStateGoesOnAsIfNothingHadHappened) {
    pass(90, {.carts = 2});
    pass(20, {.views = 1, .purchases = 0});
    std::stringstream saved;
    cereal::BinaryOutputArchive{saved}(strings(), alerts());
    const auto number = number_;
    const auto now = now_;
    const auto go_on = [&] {
        pass(60, {.carts = 2});
        changes();
        std::vector<std::tuple<model::AlertSequence, std::string, Timestamp, std::string>> seen;
        for (const Alert& alert : last_) seen.emplace_back(alert.sequence, alert.id, alert.at, alert.message);
        return seen;
    };
    const auto uninterrupted = go_on();
    EXPECT_EQ(uninterrupted.size(), 2U);
    state_ = std::make_unique<State>();
    cereal::BinaryInputArchive{saved}(strings(), alerts());
    number_ = number;
    now_ = now;
    EXPECT_EQ(go_on(), uninterrupted);
}

TEST_F(AlertsTest, MuchInterestAndLittleConversionIsOneAlertPerProduct) {
    std::vector<Event> events;
    for (int i = 0; i < 6000; ++i) {
        Event each = event(noon + i * second / 10, i % 40 == 0 ? Kind::purchase : Kind::view, i, 10);
        if (i % 5 == 0 && each.kind == Kind::view) each.product = strings()[Field::product].add("hot");
        events.push_back(each);
    }
    alerts().add(events);
    alerts().judge(noon + 600 * second);
    EXPECT_EQ(changes(), Changes{"high_interest hot firing"});
    EXPECT_LE(last_.front().at, noon + 2 * minute);
    alerts().judge(noon + 2 * hour);
    const auto later = changes();
    EXPECT_TRUE(std::ranges::find(later, "high_interest hot resolved") != later.end());
}

}  // namespace
}  // namespace millrace::gold
