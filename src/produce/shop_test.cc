#include "produce/shop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <vector>

namespace millrace::produce {
namespace {

constexpr model::Timestamp shop_start = model::from_us(1'569'888'000'000'000);

struct TimedEvent {
    model::Timestamp time;
    ShopEvent event;
};

/// Returns `count` events, `between` apart.
std::vector<TimedEvent> events_of(Shop& shop, std::int64_t count, base::Duration between) {
    std::vector<TimedEvent> events;
    for (std::int64_t i = 0; i < count; ++i) {
        const model::Timestamp time = shop_start + i * between;
        events.push_back({time, shop.act(time, i + 1)});
    }
    return events;
}

std::map<std::int64_t, std::vector<TimedEvent>> by_session(const std::vector<TimedEvent>& events) {
    std::map<std::int64_t, std::vector<TimedEvent>> sessions;
    for (const TimedEvent& each : events) sessions[each.event.session].push_back(each);
    return sessions;
}

/// Returns the events of ten days in a shop with 20,000 users.
const std::vector<TimedEvent>& ten_days() {
    static const auto events = [] {
        Shop shop({.users = 20'000, .products = 100}, 7);
        return events_of(shop, 400'000, base::Duration(std::chrono::days(10)) / 400'000);
    }();
    return events;
}

/// Returns the share of sessions with an event for which `happens` returns true.
double share_of_sessions(const std::vector<TimedEvent>& events,
                         const std::function<bool(const ShopEvent&)>& happens) {
    const auto sessions = by_session(events);
    const auto found = std::ranges::count_if(sessions, [&](const auto& session) {
        return std::ranges::any_of(session.second,
                                   [&](const TimedEvent& each) { return happens(each.event); });
    });
    return static_cast<double>(found) / static_cast<double>(sessions.size());
}

TEST(Shop, AVisitHasOneVisitorFromOneSourceOnOneDevice) {
    for (const auto& [session, visit] : by_session(ten_days())) {
        const ShopEvent& first = visit.front().event;
        EXPECT_TRUE(first.landing);
        EXPECT_NE(first.source, nullptr);
        EXPECT_NE(first.device, nullptr);
        for (std::size_t i = 1; i < visit.size(); ++i) {
            EXPECT_FALSE(visit[i].event.landing);
            EXPECT_EQ(visit[i].event.user, first.user);
            EXPECT_EQ(visit[i].event.source, first.source);
            EXPECT_EQ(visit[i].event.device, first.device);
            EXPECT_LE(visit[i].time - visit[i - 1].time, std::chrono::hours(1));
        }
    }
}

TEST(Shop, ProductsInACartWereViewedAndPurchasesWereInACart) {
    std::set<std::int64_t> orders;
    std::size_t lines = 0;
    for (const auto& [session, visit] : by_session(ten_days())) {
        std::set<std::uint32_t> viewed;
        std::map<std::uint32_t, int> cart;
        std::optional<std::int64_t> order;
        for (const TimedEvent& each : visit) {
            const ShopEvent& event = each.event;
            if (event.action == Action::view) viewed.insert(event.product);
            if (event.action == Action::add_to_cart) {
                EXPECT_TRUE(viewed.contains(event.product));
                EXPECT_TRUE(cart.emplace(event.product, event.quantity).second)
                    << "the cart has the product already";
            }
            EXPECT_EQ(event.product == 0, event.action == Action::page_view);
            if (event.action != Action::purchase) {
                EXPECT_EQ(event.order, 0);
                continue;
            }
            ASSERT_TRUE(cart.contains(event.product));
            EXPECT_EQ(cart[event.product], event.quantity);
            cart.erase(event.product);
            EXPECT_EQ(order.value_or(event.order), event.order) << "a visit has one order";
            order = event.order;
            ++lines;
        }
        EXPECT_TRUE(!order || orders.insert(*order).second) << "an order belongs to one visit";
    }
    EXPECT_GT(lines, orders.size() + orders.size() / 10) << "some orders have several lines";
}

TEST(Shop, VisitsOverlap) {
    const auto& events = ten_days();
    std::size_t switches = 0;
    for (std::size_t i = 1; i < events.size(); ++i)
        switches += events[i].event.session != events[i - 1].event.session ? 1 : 0;
    EXPECT_GT(switches, events.size() / 2);
}

TEST(Shop, SessionsAndTheirFunnelAreRealistic) {
    const auto sessions = by_session(ten_days());
    const double length = static_cast<double>(ten_days().size()) / static_cast<double>(sessions.size());
    EXPECT_NEAR(length, 6.3, 0.8);
    const auto carted = [](const ShopEvent& event) { return event.action == Action::add_to_cart; };
    const auto bought_another = [](const ShopEvent& event) {
        return event.action == Action::purchase && event.product != 42;
    };
    EXPECT_GT(share_of_sessions(ten_days(), carted), 0.10);
    EXPECT_LT(share_of_sessions(ten_days(), carted), 0.25);
    EXPECT_GT(share_of_sessions(ten_days(), bought_another), 0.02);
    EXPECT_LT(share_of_sessions(ten_days(), bought_another), 0.04);
}

TEST(Shop, NoProductMakesMostOfTheRevenue) {
    std::map<std::uint32_t, std::int64_t> revenue;
    std::int64_t all = 0;
    for (const TimedEvent& each : ten_days()) {
        if (each.event.action != Action::purchase) continue;
        const std::int64_t amount = product(each.event.product).cents * each.event.quantity;
        revenue[each.event.product] += amount;
        all += amount;
    }
    EXPECT_GT(revenue.size(), 90U);
    for (const auto& [number, amount] : revenue) EXPECT_LT(amount, all / 3) << number;
}

TEST(Shop, TheHotProductHasAFifthOfTheEventsWhateverTheShop) {
    struct Case {
        int users;
        int products;
        base::Duration between;
    };
    for (const Case each :
         {Case{500, 100, std::chrono::milliseconds(1)}, Case{500, 100, std::chrono::seconds(1)},
          Case{20'000, 100, std::chrono::milliseconds(300)}, Case{100, 1000, std::chrono::microseconds(100)},
          Case{3, 50, std::chrono::seconds(1)}}) {
        Shop shop({.users = each.users, .products = each.products}, 3);
        std::map<Action, double> hot;
        double all = 0;
        for (const auto& [time, event] : events_of(shop, 100'000, each.between)) {
            if (event.product != 42) continue;
            ++hot[event.action];
            ++all;
        }
        EXPECT_NEAR(all, 20'000, 100);
        EXPECT_NEAR(hot[Action::view] / all, 0.95, 0.01);
        EXPECT_NEAR(hot[Action::add_to_cart] / all, 0.04, 0.008);
        EXPECT_NEAR(hot[Action::purchase] / all, 0.01, 0.004);
    }
}

TEST(Shop, EvenThirtySecondsHaveAllKindsOfEvents) {
    Shop shop({.users = 500, .products = 100}, 5);
    std::map<Action, int> actions;
    int hot = 0;
    for (const auto& [time, event] : events_of(shop, 6000, base::Duration(std::chrono::seconds(1)) / 200)) {
        ++actions[event.action];
        hot += event.product == 42 ? 1 : 0;
    }
    EXPECT_NEAR(hot, 1200, 60);
    EXPECT_GT(actions[Action::page_view], 600);
    EXPECT_GT(actions[Action::add_to_cart], 100);
    EXPECT_GT(actions[Action::purchase], 10);
}

TEST(Shop, SomeUsersComeBackOften) {
    std::map<std::uint32_t, int> visits;
    for (const auto& [session, visit] : by_session(ten_days())) ++visits[visit.front().event.user];
    EXPECT_GT(visits.size(), 12'000U);
    const auto again = std::ranges::count_if(visits, [](const auto& user) { return user.second > 1; });
    EXPECT_GT(again, 8000);
    EXPECT_GT(std::ranges::max(visits | std::views::values), 15);
}

TEST(Shop, AUserVisitsOnceAtATime) {
    Shop shop({.users = 6, .products = 100}, 2);
    std::map<std::uint32_t, std::int64_t> session_of;
    std::set<std::int64_t> over;
    for (const auto& [time, event] : events_of(shop, 20'000, std::chrono::seconds(1))) {
        EXPECT_FALSE(over.contains(event.session)) << "a visit continues after its user's next visit began";
        auto& session = session_of[event.user];
        if (session != 0 && session != event.session) over.insert(session);
        session = event.session;
    }
    EXPECT_EQ(session_of.size(), 6U);
}

TEST(Shop, OneUserAndOneProductAreAShop) {
    Shop shop({.users = 1, .products = 1}, 4);
    std::set<std::int64_t> sessions;
    for (const auto& [time, event] : events_of(shop, 5000, base::Duration(1))) {
        EXPECT_EQ(event.user, 1U);
        EXPECT_LE(event.product, 1U);
        sessions.insert(event.session);
    }
    EXPECT_GT(sessions.size(), 300U);
}

TEST(Shop, VisitsDoNotOutliveAPause) {
    Shop shop({.users = 500, .products = 100}, 6);
    for (std::int64_t i = 1; i <= 1000; ++i) shop.act(shop_start + std::chrono::seconds(i), i);
    const ShopEvent after = shop.act(shop_start + std::chrono::hours(3), 1001);
    EXPECT_TRUE(after.landing);
    EXPECT_EQ(after.session, 1001);
}

}  // namespace
}  // namespace millrace::produce
