#include "gold/output.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace millrace::gold {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

void add_user_day(TableRows& rows, std::int64_t day, model::Money spend = 0) {
    const model::Timestamp start = model::day_start(day);
    rows.add(day)
        .text("u")
        .text("EUR")
        .time(start)
        .time(start + std::chrono::seconds(1))
        .count(1)
        .count(1)
        .count(0)
        .count(0)
        .count(0)
        .count(0)
        .money(spend)
        .money(-spend)
        .text("u");
}

std::string cell(const arrow::RecordBatch& rows, const std::string& column) {
    return rows.GetColumnByName(column)->GetScalar(0).ValueOrDie()->ToString();
}

TEST(OutputTest, RowsAreTakenByDayAndOnce) {
    TableRows rows(Table::users);
    for (const std::int64_t day : {20'000, 19'999, 20'000}) add_user_day(rows, day);
    EXPECT_EQ(rows.size(), 3);
    const auto taken = rows.take();
    ASSERT_THAT(taken, SizeIs(2));
    EXPECT_EQ(taken.at(19'999)->num_rows(), 1);
    EXPECT_EQ(taken.at(20'000)->num_rows(), 2);
    EXPECT_TRUE(taken.at(20'000)->schema()->Equals(*table_layout(Table::users).schema));
    EXPECT_EQ(rows.size(), 0);
    EXPECT_THAT(rows.take(), IsEmpty());
}

TEST(OutputTest, CountsTheRowsOfAllTables) {
    Output output;
    add_user_day(output[Table::users], 0);
    output[Table::category_metrics].add(0);
    output[Table::category_metrics].add(1);
    EXPECT_EQ(output.size(), 3);
    output[Table::users].take();
    EXPECT_EQ(output.size(), 2);
}

TEST(OutputTest, AmountsBeyond64BitsAreExactWithTheirSign) {
    TableRows rows(Table::users);
    constexpr model::Money ten_to_the_18 = 1'000'000'000'000'000'000;
    add_user_day(rows, 0, ten_to_the_18 * 123 + 4567);
    const auto taken = rows.take();
    EXPECT_EQ(cell(*taken.at(0), "gross_spend"), "12300000000000000.4567");
    EXPECT_EQ(cell(*taken.at(0), "net_spend"), "-12300000000000000.4567");
}

TEST(OutputTest, AShareOfNothingAndAMissingTextAreNull) {
    TableRows rows(Table::device_metrics);
    const auto add = [&](std::string_view device, std::int64_t views, std::int64_t carts) {
        rows.add(0)
            .time({})
            .time({})
            .text_or_null(device)
            .text("")
            .count(views)
            .count(carts)
            .count(0)
            .count(0)
            .money(0)
            .rate(static_cast<double>(carts), static_cast<double>(views))
            .rate(0, static_cast<double>(views));
        return rows.take().at(0);
    };
    const auto without = add("", 0, 3);
    EXPECT_EQ(cell(*without, "device_type"), "null");
    EXPECT_EQ(cell(*without, "currency"), "") << "a text that must not be null may be empty";
    EXPECT_EQ(cell(*without, "cart_rate"), "null");
    EXPECT_EQ(cell(*without, "purchase_rate"), "null");
    const auto with = add("phone", 4, 3);
    EXPECT_EQ(cell(*with, "device_type"), "phone");
    EXPECT_EQ(cell(*with, "cart_rate"), "0.75");
    EXPECT_EQ(cell(*with, "purchase_rate"), "0");
}

TEST(OutputTest, AnAlertsFieldsAreInTheirColumns) {
    TableRows rows(Table::alerts);
    model::Alert alert{.sequence = model::AlertSequence(7),
                       .id = "abc",
                       .rule = "lag",
                       .state = model::Alert::State::resolved,
                       .severity = model::Alert::Severity::critical,
                       .at = model::from_us(2'000'000),
                       .started_at = model::from_us(1'000'000),
                       .value = 1.5,
                       .threshold = 2.5,
                       .message = "silver is behind"};
    write_alert(alert, rows.add(0));
    const auto taken = rows.take();
    const arrow::RecordBatch& row = *taken.at(0);
    EXPECT_EQ(cell(row, "sequence"), "7");
    EXPECT_EQ(cell(row, "alert_id"), "abc");
    EXPECT_EQ(cell(row, "rule"), "lag");
    EXPECT_EQ(cell(row, "subject"), "null") << "the rule has one subject";
    EXPECT_EQ(cell(row, "state"), "resolved");
    EXPECT_EQ(cell(row, "severity"), "critical");
    EXPECT_EQ(cell(row, "at"), "1970-01-01 00:00:02.000000Z");
    EXPECT_EQ(cell(row, "started_at"), "1970-01-01 00:00:01.000000Z");
    EXPECT_EQ(cell(row, "value"), "1.5");
    EXPECT_EQ(cell(row, "threshold"), "2.5");
    EXPECT_EQ(cell(row, "message"), "silver is behind");
}

}  // namespace
}  // namespace millrace::gold
