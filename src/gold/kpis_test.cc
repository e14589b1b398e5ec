#include "gold/kpis.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "gold/test_times.h"

namespace millrace::gold {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

/// The operator alone. Its times are those after 1970 began.
class KpisTest : public testing::Test {
  protected:
    Event event(base::Duration at, std::string_view user = "u", Kind kind = Kind::view) {
        return {.time = Timestamp(at),
                .price = model::to_money(4),
                .kind = kind,
                .user = strings_[Field::user].add(user),
                .session = strings_[Field::session].add("s"),
                .currency = strings_[Field::currency].add("EUR")};
    }
    Event purchase(base::Duration at, std::string_view order) {
        Event made = event(at, "u", Kind::purchase);
        made.order = strings_[Field::order].add(order);
        return made;
    }

    using KpiRow = std::map<std::string, std::string>;  // the cells of a row, by the names of their columns
    /// The rows of each grain.
    using KpiRows = std::map<std::string, std::vector<KpiRow>>;
    static KpiRows take(Output& output) {
        KpiRows rows;
        for (const auto& [day, batch] : output[Table::kpis].take()) {
            for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
                KpiRow row{{"day", std::to_string(day)}};
                for (int column = 0; column < batch->num_columns(); ++column)
                    row[batch->schema()->field(column)->name()] =
                        batch->column(column)->GetScalar(i).ValueOrDie()->ToString();
                rows[row.at("grain")].push_back(std::move(row));
            }
        }
        return rows;
    }
    static KpiRows closed_by(Kpis& kpis, base::Duration watermark) {
        Output output;
        kpis.close(Timestamp(watermark), output);
        return take(output);
    }
    KpiRows closed_by(base::Duration watermark) { return closed_by(kpis_, watermark); }

    static constexpr base::Duration us{1};
    static constexpr base::Duration end_of_day = 24 * hour;
    Strings strings_;
    Kpis kpis_{strings_, model::TimeZone("UTC")};
};

TEST_F(KpisTest, AMinuteIsClosedWhenTheWatermarkReachesItsEnd) {
    kpis_.add({event(5 * minute + second)});
    EXPECT_THAT(closed_by(6 * minute - us), IsEmpty());
    EXPECT_THAT(closed_by(6 * minute), SizeIs(1));
    EXPECT_THAT(closed_by(7 * minute), IsEmpty());
}

TEST_F(KpisTest, AnEventThatIsLateForItsMinuteCountsInItsHourAndDay) {
    kpis_.add({event(5 * minute)});
    closed_by(6 * minute);
    kpis_.add({event(5 * minute + second, "v")});
    EXPECT_EQ(kpis_.late(), 1);
    const KpiRows rows = closed_by(end_of_day);
    EXPECT_FALSE(rows.contains("minute"));
    ASSERT_THAT(rows.at("hour"), SizeIs(1));
    EXPECT_EQ(rows.at("hour")[0].at("events"), "2");
    EXPECT_EQ(rows.at("hour")[0].at("active_users"), "2");
    EXPECT_EQ(rows.at("day")[0].at("events"), "2");
}

TEST_F(KpisTest, AnEventIsLateForEachWindowThatIsClosed) {
    closed_by(hour);
    kpis_.add({event(5 * minute)});
    EXPECT_EQ(kpis_.late(), 2);
    closed_by(end_of_day);
    kpis_.add({event(5 * minute)});
    EXPECT_EQ(kpis_.late(), 5);
}

TEST_F(KpisTest, APurchaseOfAnOrderThatAnotherMinuteHadIsTheSameOrder) {
    kpis_.add({purchase(minute, "o1"), purchase(2 * minute, "o1"), purchase(2 * minute, "o2"),
               purchase(2 * minute, ""), purchase(2 * minute, "")});
    const KpiRows rows = closed_by(end_of_day);
    ASSERT_THAT(rows.at("minute"), SizeIs(2));
    EXPECT_EQ(rows.at("minute")[0].at("orders"), "1");
    EXPECT_EQ(rows.at("minute")[1].at("orders"), "4") << "without an order_id, each purchase is an order";
    EXPECT_EQ(rows.at("hour")[0].at("orders"), "4");
    EXPECT_EQ(rows.at("hour")[0].at("gross_revenue"), "20.0000");
    EXPECT_EQ(rows.at("hour")[0].at("average_order_value"), "5");
}

TEST_F(KpisTest, ARefundLowersTheNetRevenueOnly) {
    Event two = purchase({}, "o");
    two.quantity = 2;
    two.items = 2;
    kpis_.add({two, event(second, "u", Kind::refund), event(second, "v")});
    const KpiRow row = closed_by(minute).at("minute").at(0);
    EXPECT_EQ(row.at("items"), "2");
    EXPECT_EQ(row.at("gross_revenue"), "8.0000");
    EXPECT_EQ(row.at("net_revenue"), "4.0000");
    EXPECT_EQ(row.at("revenue_per_visitor"), "2");
    EXPECT_EQ(row.at("conversion"), "0.5") << "one of two sessions has bought something";
}

TEST_F(KpisTest, WithoutOrdersThereIsNoAverageOrder) {
    kpis_.add({event({})});
    const KpiRow row = closed_by(minute).at("minute").at(0);
    EXPECT_EQ(row.at("average_order_value"), "null");
    EXPECT_EQ(row.at("conversion"), "0");
}

TEST_F(KpisTest, BotsAreCountedAmongAllAndOnTheirOwn) {
    Event bot = event(second, "bot");
    bot.bot = true;
    kpis_.add({event({}), bot, bot});
    const KpiRow row = closed_by(minute).at("minute").at(0);
    EXPECT_EQ(row.at("events"), "3");
    EXPECT_EQ(row.at("active_users"), "2");
    EXPECT_EQ(row.at("bot_events"), "2");
    EXPECT_EQ(row.at("bot_users"), "1");
    EXPECT_EQ(row.at("bot_sessions"), "1");
}

TEST_F(KpisTest, ADayIsThatOfTheShopsTimeZone) {
    Kpis in_india(strings_, model::TimeZone("Asia/Kolkata"));  // 5:30 h ahead of UTC
    in_india.add({event(18 * hour + 29 * minute), event(18 * hour + 30 * minute)});
    const KpiRows rows = closed_by(in_india, 2 * end_of_day);
    ASSERT_THAT(rows.at("day"), SizeIs(2));
    EXPECT_EQ(rows.at("day")[0].at("day"), "0");
    EXPECT_EQ(rows.at("day")[1].at("day"), "1");
    EXPECT_EQ(rows.at("day")[1].at("window_start"), "1970-01-01 18:30:00.000000Z");
    EXPECT_EQ(rows.at("day")[1].at("window_end"), "1970-01-02 18:30:00.000000Z");
    ASSERT_THAT(rows.at("hour"), SizeIs(1)) << "hours are those of UTC";
}

TEST_F(KpisTest, AnOpenHourShowsItsClosedAndItsOpenMinutes) {
    kpis_.add({event({}), event(90 * second, "v")});
    closed_by(minute);
    for (int look = 0; look < 2; ++look) {
        Output open;
        kpis_.peek(open);
        const KpiRows rows = take(open);
        ASSERT_THAT(rows.at("minute"), SizeIs(1));
        EXPECT_EQ(rows.at("minute")[0].at("events"), "1");
        EXPECT_EQ(rows.at("hour").at(0).at("events"), "2") << "at look " << look;
        EXPECT_EQ(rows.at("day").at(0).at("active_users"), "2");
    }
}

}  // namespace
}  // namespace millrace::gold
