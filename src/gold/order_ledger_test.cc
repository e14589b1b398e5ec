#include "gold/order_ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <sstream>
#include <string>

#include "gold/order_amounts.h"
#include "gold/test_times.h"

namespace millrace::gold {
namespace {

constexpr base::Duration repeat_period = std::chrono::days(30);

class OrderLedgerTest : public testing::Test {
  protected:
    Event line(std::uint64_t number, Timestamp time, const std::string& id) {
        return {.time = time,
                .kind = Kind::purchase,
                .order = strings_[Field::order].add("o"),
                .id = strings_[Field::event].add(id),
                .line = 2 * number + 1};
    }
    /// The ids of the lines that count as purchases.
    std::vector<std::string> counted(const std::vector<Event>& rows) {
        std::vector<std::string> ids;
        for (const Event& event : rows) {
            if (event.kind == Kind::purchase) ids.emplace_back(strings_.value(Field::event, event.id));
        }
        return ids;
    }
    std::vector<Event> hold(std::vector<Event> rows) { return ledger_.hold(rows); }
    std::set<Timestamp> displaced() { return ledger_.take_displaced(); }

    Strings strings_;
    OrderLedger ledger_{strings_, repeat_period};
};

using Ids = std::vector<std::string>;

TEST_F(OrderLedgerTest, ALineLeavesTheRowsUntilTheWatermarkHasPassedIt) {
    std::vector<Event> rows = {{.time = noon}, line(1, noon, "a")};
    EXPECT_EQ(counted(ledger_.hold(rows)), Ids{"a"});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].kind, Kind::other);
    EXPECT_TRUE(ledger_.settle(noon).empty());
    EXPECT_EQ(counted(ledger_.settle(noon + second)), Ids{"a"});
    EXPECT_TRUE(ledger_.settle(noon + minute).empty());
}

TEST_F(OrderLedgerTest, TheEarliestCountsAndOfSeveralTheSmallestId) {
    hold({line(1, noon + second, "b"), line(2, noon, "d")});
    hold({line(1, noon, "c"), line(2, noon, "a")});
    EXPECT_EQ(counted(ledger_.settle(noon + minute)), (Ids{"a", "c"}));
    EXPECT_EQ(ledger_.repeats(), 2);
}

TEST_F(OrderLedgerTest, ALineThatComesAfterThePeriodIsANewOne) {
    hold({line(1, noon, "a"), line(1, noon + repeat_period, "b"),
          line(1, noon + 2 * repeat_period + second, "c")});
    EXPECT_EQ(counted(ledger_.settle(end_of_time)), (Ids{"a", "c"}));
}

TEST_F(OrderLedgerTest, ReadersSeeWhatIsHeldAndWhatIsNotCommitted) {
    hold({line(1, noon + second, "b"), line(1, noon, "a")});
    EXPECT_EQ(counted(ledger_.show()), Ids{"a"});
    std::vector<Event> more = {line(1, noon + minute, "c"), line(2, noon, "d"), line(2, noon, "e")};
    ledger_.mark_shown(more);
    EXPECT_EQ(counted(more), Ids{"d"});
    EXPECT_EQ(counted(ledger_.settle(end_of_time)), Ids{"a"}) << "showing changes nothing";
}

TEST_F(OrderLedgerTest, ALateLineIsARepeatOrTakesThePlaceOfALaterOne) {
    hold({line(1, noon, "a"), line(2, noon, "b")});
    (void)ledger_.settle(noon + minute);
    std::vector<Event> late = {line(1, noon + second, "c"), line(2, noon - second, "d"), line(3, noon, "e")};
    EXPECT_TRUE(ledger_.hold(late).empty());
    EXPECT_EQ(counted(late), (Ids{"d", "e"}));
    EXPECT_EQ(displaced(), std::set{noon});
    EXPECT_TRUE(displaced().empty());
}

TEST_F(OrderLedgerTest, ALineOlderThanWhatIsKnownMayDisplaceOnesOfTheDaysAfterIt) {
    hold({line(1, noon, "a")});
    (void)ledger_.settle(noon + std::chrono::days(50));
    std::vector<Event> late = {line(1, noon - hour, "b")};
    (void)ledger_.hold(late);
    const auto times = displaced();
    const auto has_day = [&](int days) {
        return std::ranges::any_of(times, [&](Timestamp time) {
            return std::chrono::floor<std::chrono::days>(time) ==
                   std::chrono::floor<std::chrono::days>(noon) + std::chrono::days(days);
        });
    };
    EXPECT_TRUE(has_day(0));
    EXPECT_TRUE(has_day(49)) << "a cancellation within thirty days of a line within thirty days";
    EXPECT_FALSE(has_day(51));
}

TEST_F(OrderLedgerTest, AShortPeriodAlsoTellsLinesApartThatAreHeld) {
    OrderLedger ledger(strings_, 5 * minute);
    std::vector<Event> rows = {line(1, noon, "a"), line(1, noon + 4 * minute, "b"),
                               line(1, noon + 10 * minute, "c")};
    EXPECT_EQ(counted(ledger.hold(rows)), (Ids{"a", "c"}));
    EXPECT_EQ(counted(ledger.show()), (Ids{"a", "c"}));
    (void)ledger.settle(noon + minute);
    EXPECT_EQ(counted(ledger.show()), Ids{"c"});
    EXPECT_EQ(counted(ledger.settle(end_of_time)), Ids{"c"});
}

TEST_F(OrderLedgerTest, ACancellationRefundsWhatIsLeftOfTheOrder) {
    const auto amount = [&](Kind kind, Timestamp time, std::int64_t price, const std::string& id) {
        Event event = line(price, time, id);
        event.kind = kind;
        event.price = price;
        return event;
    };
    Event discounted = amount(Kind::purchase, noon, 50, "a");
    discounted.amounts = strings_[Field::amounts].add(OrderAmounts{.discount = -5}.bytes());
    Event again = amount(Kind::purchase, noon + minute, 70, "b");
    again.amounts = discounted.amounts;
    Event other = amount(Kind::cancellation, noon + 2 * hour, 33, "f");
    other.order = strings_[Field::order].add("another");
    hold({amount(Kind::cancellation, noon + hour, 1, "d"), amount(Kind::refund, noon + second, 20, "c"),
          discounted, again, amount(Kind::cancellation, noon + 2 * hour, 1, "e"), other});
    const auto settled = ledger_.settle(end_of_time);
    ASSERT_EQ(settled.size(), 6U);
    EXPECT_NE(settled[0].amounts, 0U);
    EXPECT_EQ(settled[2].amounts, 0U) << "the discount counts once";
    EXPECT_EQ(settled[3].price, 50 + 70 - 5 - 20);
    EXPECT_EQ(settled[4].price, 0) << "nothing is left";
    EXPECT_EQ(settled[5].price, 33) << "of an order that is not known, it refunds what it says";
}

TEST_F(OrderLedgerTest, ALateLineChangesWhatACancellationRefunded) {
    Event cancelled = line(0, noon + hour, "z");
    cancelled.kind = Kind::cancellation;
    hold({line(1, noon, "a"), cancelled});
    (void)ledger_.settle(noon + hour + minute);
    std::vector<Event> late = {line(2, noon + minute, "b")};
    (void)ledger_.hold(late);
    EXPECT_EQ(displaced(), std::set{noon + hour});
}

TEST_F(OrderLedgerTest, ACancellationAfterOneThatALateLineChangesRefundsTheRest) {
    const auto cancelled = [&](Timestamp time, const std::string& id) {
        Event event = line(0, time, id);
        event.kind = Kind::cancellation;
        return event;
    };
    const auto bought = [&](std::uint64_t number, Timestamp time, std::int64_t price) {
        Event event = line(number, time, std::to_string(number));
        event.price = price;
        return event;
    };
    hold({bought(1, noon, 10), cancelled(noon + hour, "x")});
    (void)ledger_.settle(noon + 2 * hour);
    std::vector<Event> late = {bought(2, noon, 20)};
    (void)ledger_.hold(late);
    hold({bought(3, noon + 3 * hour, 5), cancelled(noon + 4 * hour, "y")});
    const auto settled = ledger_.settle(end_of_time);
    ASSERT_EQ(settled.size(), 2U);
    EXPECT_EQ(settled[1].price, 5) << "the first one has refunded both lines before it";
}

TEST_F(OrderLedgerTest, OldLinesAreForgotten) {
    hold({line(1, noon, "a"), line(2, noon + std::chrono::days(20), "b")});
    (void)ledger_.settle(noon + std::chrono::days(21));
    EXPECT_EQ(ledger_.size(), 2U);
    (void)ledger_.settle(noon + std::chrono::days(31));
    EXPECT_EQ(ledger_.size(), 1U);
}

TEST_F(OrderLedgerTest, ASavedStateContinues) {
    hold({line(1, noon, "a"), line(2, noon + hour, "b")});
    (void)ledger_.settle(noon + minute);
    std::stringstream saved;
    ledger_.save(saved);
    OrderLedger restored(strings_, repeat_period);
    restored.load(saved);
    std::vector<Event> rows = {line(1, noon + hour, "c"), line(2, noon + hour, "d")};
    EXPECT_TRUE(counted(restored.hold(rows)).empty());
    EXPECT_EQ(counted(restored.settle(end_of_time)), Ids{"b"});
}

/// What counts according to the definition.
Ids expected(std::vector<std::pair<Timestamp, std::pair<std::string, std::uint64_t>>> lines) {
    std::ranges::sort(lines);
    std::map<std::uint64_t, Timestamp> last;
    Ids ids;
    for (const auto& [time, line] : lines) {
        const auto before = last.find(line.second);
        if (before == last.end() || time - before->second > repeat_period) ids.push_back(line.first);
        last[line.second] = time;
    }
    return ids;
}

TEST_F(OrderLedgerTest, AnyOrderOfArrivalCountsTheSameLines) {
    for (unsigned seed = 1; seed <= 50; ++seed) {
        std::mt19937_64 random(seed);
        OrderLedger ledger(strings_, repeat_period);
        std::vector<std::pair<Timestamp, std::pair<std::string, std::uint64_t>>> all;
        Ids found;
        const auto settle = [&](Timestamp watermark) {
            for (const std::string& id : counted(ledger.settle(watermark))) found.push_back(id);
        };
        Timestamp watermark = noon;
        for (int batch = 0; batch < 40; ++batch) {
            std::vector<Event> rows;
            for (int i = 0; i < 20; ++i) {
                const Timestamp time = watermark + static_cast<int>(random() % 20) * std::chrono::hours(24);
                const std::uint64_t number = 1 + random() % 60;
                const std::string id = std::to_string(random());
                rows.push_back(line(number, time, id));
                all.push_back({time, {id, number}});
            }
            (void)ledger.hold(rows);
            EXPECT_TRUE(rows.empty());
            watermark += static_cast<int>(random() % 72) * hour;
            settle(watermark);
        }
        settle(end_of_time);
        EXPECT_EQ(found, expected(all)) << "seed " << seed;
    }
}

}  // namespace
}  // namespace millrace::gold
