#include "gold/orders.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "gold/order_amounts.h"
#include "gold/test_times.h"

namespace millrace::gold {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr base::Duration order_life = std::chrono::days(100);
constexpr std::int64_t day_of_noon = 20'000;
const Window any_time{no_watermark, end_of_time};

Channel no_channel(const Event& /*purchase*/) {
    return Channel::unknown;
}

class OrdersTest : public testing::Test {
  protected:
    Event event(std::string_view order, Kind kind, Timestamp time, std::int64_t price, std::string_view id) {
        return {.time = time,
                .price = price,
                .kind = kind,
                .user = strings_[Field::user].add("u" + std::string(id)),
                .order = strings_[Field::order].add(order),
                .currency = strings_[Field::currency].add("EUR"),
                .id = strings_[Field::event].add(id),
                .line = 1};
    }
    Event purchase(std::string_view order, Timestamp time, std::string_view id) {
        return event(order, Kind::purchase, time, 10'000, id);
    }

    using Cells = std::map<std::string, std::string>;  // of a row, by the names of their columns
    /// The rows by their order_id.
    static std::map<std::string, Cells> take(Output& output) {
        std::map<std::string, Cells> rows;
        for (const auto& [day, batch] : output[Table::orders].take()) {
            for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
                Cells row{{"day", std::to_string(day)}};
                for (int column = 0; column < batch->num_columns(); ++column)
                    row[batch->schema()->field(column)->name()] =
                        batch->column(column)->GetScalar(i).ValueOrDie()->ToString();
                rows[row.at("order_id")] = row;
            }
        }
        return rows;
    }
    std::map<std::string, Cells> closed_by(Timestamp watermark) {
        Output output;
        orders_.close(watermark, output);
        return take(output);
    }
    std::map<std::string, Cells> open() const {
        Output output;
        orders_.peek(output);
        return take(output);
    }

    Strings strings_;
    Orders orders_{strings_, model::TimeZone("UTC"), order_life, any_time, no_channel};
};

TEST_F(OrdersTest, AnOrderIsWrittenWhenTheHourOfItsFirstEventCloses) {
    orders_.add({purchase("a", noon + hour, "2"), purchase("a", noon + 59 * minute, "1")});
    EXPECT_THAT(closed_by(noon + hour - second), IsEmpty());
    const auto rows = closed_by(noon + hour + minute);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows.at("a").at("lines"), "2");
    EXPECT_EQ(rows.at("a").at("gross"), "2.0000");
    EXPECT_EQ(rows.at("a").at("user_id"), "u1");
    EXPECT_THAT(closed_by(end_of_time), IsEmpty());
}

TEST_F(OrdersTest, ATotalThatTheLinesDoNotReachTellsHowMuchIsMissing) {
    const auto missing = [&](const OrderAmounts& amounts) {
        Event event = purchase("a", noon, "1");
        event.amounts = strings_[Field::amounts].add(amounts.bytes());
        Orders orders(strings_, model::TimeZone("UTC"), order_life, any_time, no_channel);
        orders.add({event});
        Output output;
        orders.close(end_of_time, output);
        const auto row = take(output).at("a");
        return row.at("missing") + " " + row.at("complete") + " " + row.at("refused_lines");
    };
    EXPECT_EQ(missing({.total = 10'000}), "0.0000 true 0");
    EXPECT_EQ(missing({.total = 12'500, .shipping = 2'500, .tax = 1'600}), "0.0000 true 0");
    EXPECT_EQ(missing({.total = 9'000, .discount = 1'000, .shipping = 500}), "0.0000 true 0");
    EXPECT_EQ(missing({.total = 16'000, .refused = 1}), "0.6000 false 1");
    EXPECT_EQ(missing({.refused = 1}), "null false 1");
}

TEST_F(OrdersTest, AnOrderHasTheChannelOfItsFirstPurchaseIfThatBeginsIt) {
    const auto channel_of = [](const Event& purchase) {
        return purchase.time == noon + minute ? Channel::mail : Channel::paid;
    };
    Orders orders(strings_, model::TimeZone("UTC"), order_life, any_time, channel_of);
    orders.add({purchase("a", noon + 2 * minute, "1"), purchase("a", noon + minute, "2"),
                event("a", Kind::refund, noon, 1, "3"), event("b", Kind::refund, noon - minute, 1, "4"),
                purchase("b", noon + minute, "5"), event("c", Kind::refund, noon, 1, "6")});
    Output output;
    orders.close(end_of_time, output);
    const auto rows = take(output);
    EXPECT_EQ(rows.at("a").at("channel"), "mail");
    EXPECT_EQ(rows.at("b").at("channel"), "null") << "another hour's event began it";
    EXPECT_EQ(rows.at("c").at("channel"), "null");
}

TEST_F(OrdersTest, ARefundThatExceedsTheOrderIsFlagged) {
    orders_.add({purchase("a", noon, "1"), event("a", Kind::refund, noon + minute, 10'000, "2"),
                 purchase("b", noon, "3"), event("b", Kind::refund, noon + minute, 10'001, "4")});
    const auto rows = closed_by(end_of_time);
    EXPECT_EQ(rows.at("a").at("over_refunded"), "false");
    EXPECT_EQ(rows.at("b").at("over_refunded"), "true");
    EXPECT_EQ(rows.at("b").at("net"), "-0.0001");
}

TEST_F(OrdersTest, ALaterEventOfAClosedOrderNotesItsDay) {
    orders_.add({purchase("a", noon, "1")});
    (void)closed_by(noon + hour);
    orders_.note_held(
        {event("a", Kind::refund, noon + 60 * 24 * hour, 1, "2"), purchase("b", noon + hour, "3")});
    EXPECT_THAT(orders_.take_noted(), ElementsAre(day_of_noon));
    EXPECT_THAT(orders_.take_noted(), IsEmpty());
    orders_.add({event("a", Kind::refund, noon + 60 * 24 * hour, 1, "2")});
    EXPECT_THAT(open(), IsEmpty()) << "the batch layer adds it to the order's row";
}

TEST_F(OrdersTest, ALateEventNotesTheDayOnWhichItsOrderBeganAndTheOneOnWhichItBeginsNow) {
    orders_.add({purchase("a", noon, "1")});
    (void)closed_by(noon + hour);
    const std::vector<Event> late = {purchase("a", noon - 24 * hour, "2")};
    orders_.note_late(late);
    orders_.add(late);
    EXPECT_THAT(orders_.take_noted(), ElementsAre(day_of_noon - 1, day_of_noon));
}

TEST_F(OrdersTest, ALateEventOfAnOpenOrderNotesItsDayWhenItCloses) {
    orders_.add({purchase("a", noon + minute, "1")});
    const std::vector<Event> late = {purchase("a", noon, "2")};
    orders_.note_late(late);
    orders_.add(late);
    EXPECT_THAT(orders_.take_noted(), IsEmpty());
    EXPECT_EQ(closed_by(noon + hour).size(), 1U);
    EXPECT_THAT(orders_.take_noted(), ElementsAre(day_of_noon));
}

TEST_F(OrdersTest, AnOldEventNotesTheDaysOnWhichItsOrderMayHaveBegun) {
    orders_.add({purchase("a", noon, "1")});
    (void)closed_by(noon + hour);
    orders_.note_late({purchase("b", noon - 101 * 24 * hour, "2")});
    EXPECT_EQ(orders_.take_noted().size(), 101U);
}

TEST_F(OrdersTest, AnIdThatIsUsedAgainAfterALongPauseIsAnotherOrder) {
    Orders orders(strings_, model::TimeZone("UTC"), order_life, {noon, noon + 24 * hour}, no_channel);
    orders.add({purchase("before", noon - 50 * 24 * hour, "1"), purchase("before", noon, "2"),
                purchase("a", noon, "3"), event("a", Kind::refund, noon + 99 * 24 * hour, 1, "4"),
                purchase("a", noon + 200 * 24 * hour, "5"), purchase("after", noon + 24 * hour, "6")});
    Output output;
    orders.close(end_of_time, output);
    const auto rows = take(output);
    ASSERT_EQ(rows.size(), 1U) << "the others began on other days";
    EXPECT_EQ(rows.at("a").at("lines"), "1");
    EXPECT_EQ(rows.at("a").at("refunded"), "0.0001");
}

TEST_F(OrdersTest, WhatIsShownIsTakenOutAgain) {
    orders_.add({purchase("a", noon, "1")});
    orders_.remember();
    orders_.add({purchase("a", noon + second, "2"), purchase("b", noon, "3")});
    EXPECT_EQ(open().size(), 2U);
    EXPECT_EQ(open().at("a").at("lines"), "2");
    orders_.restore();
    EXPECT_EQ(open().size(), 1U);
    EXPECT_EQ(open().at("a").at("lines"), "1");
}

}  // namespace
}  // namespace millrace::gold
