#include "verify/row_values.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "model/timestamp.h"

namespace millrace::verify {
namespace {

constexpr std::int64_t event_day = 18'000;

struct Row {
    model::Timestamp time = model::day_start(event_day) + std::chrono::hours(12);
    int hour = 12;
    bool has_product = true;
    std::optional<double> price = 5;
    bool is_high_value = false;
    std::string type = "view";
};

template <typename Builder>
std::shared_ptr<arrow::Array> array_of(Builder&& builder, const auto& value) {
    EXPECT_TRUE(builder.Append(value).ok());
    return builder.Finish().ValueOrDie();
}

/// The columns of a row that check_values() reads.
std::shared_ptr<arrow::RecordBatch> rows_of(const Row& row) {
    const auto us = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    const auto none = [](const auto& type) { return arrow::MakeArrayOfNull(type, 1).ValueOrDie(); };
    const arrow::ArrayVector arrays = {
        array_of(arrow::StringBuilder(), "e"),
        array_of(arrow::TimestampBuilder(us, arrow::default_memory_pool()), model::to_us(row.time)),
        row.has_product ? array_of(arrow::StringBuilder(), "p") : none(arrow::utf8()),
        row.price ? array_of(arrow::DoubleBuilder(), *row.price) : none(arrow::float64()),
        array_of(arrow::BooleanBuilder(), row.is_high_value),
        array_of(arrow::Int32Builder(), row.hour)};
    const std::vector<std::string> names = {"event_id", "event_timestamp", "product_id",
                                            "price",    "is_high_value",   "event_hour"};
    arrow::FieldVector fields;
    for (std::size_t i = 0; i < names.size(); ++i)
        fields.push_back(arrow::field(names[i], arrays[i]->type()));
    return arrow::RecordBatch::Make(arrow::schema(fields), 1, arrays);
}

/// The fault that is found in the row, without the file and the event_id; empty when there is none.
std::string fault_of(const Row& row, const model::RuleOptions& rules = {}) {
    storage::AddFile add;
    add.path = "f";
    add.partition_values = {{"event_date", model::format_day(event_day)}, {"event_type", row.type}};
    Finding finding("rows");
    check_values(*rows_of(row), add, rules, finding);
    const std::string detail = finding.check("").detail;
    const std::string place = "f: event e ";
    EXPECT_TRUE(detail.empty() || detail.starts_with(place)) << detail;
    return detail.substr(std::min(detail.size(), place.size()));
}

TEST(RowValues, AreValidInAnEventAsSilverWritesIt) {
    EXPECT_EQ(fault_of({}), "");
    EXPECT_EQ(fault_of({.price = 501, .is_high_value = true}), "");
}

TEST(RowValues, MustBeOfTheDayAndHourOfTheEvent) {
    EXPECT_EQ(fault_of({.time = model::day_start(event_day + 1), .hour = 0}), "is not of its event_date");
    EXPECT_EQ(fault_of({.hour = 23}), "has another event_hour");
}

TEST(RowValues, NeedAProductInKnownEventTypesOnly) {
    EXPECT_EQ(fault_of({.has_product = false}), "has no product_id");
    EXPECT_EQ(fault_of({.has_product = false, .price = std::nullopt, .type = "page_scroll"}), "");
}

TEST(RowValues, NeedAPriceWhereTheRulesRequireIt) {
    EXPECT_EQ(fault_of({.price = std::nullopt}), "");
    EXPECT_EQ(fault_of({.price = std::nullopt, .type = "refund"}), "has no price");
    const model::RuleOptions strict{.require_price = model::PriceRequirement::all};
    EXPECT_EQ(fault_of({.price = std::nullopt}, strict), "has no price");
}

TEST(RowValues, NeedAPositivePriceUpToABillion) {
    EXPECT_EQ(fault_of({.price = -1}), "has the price -1");
    EXPECT_EQ(fault_of({.price = 0}), "has the price 0");
    EXPECT_EQ(fault_of({.price = 0}, {.accept_free_items = true}), "");
    EXPECT_EQ(fault_of({.price = 1e9, .is_high_value = true}), "");
    EXPECT_EQ(fault_of({.price = 2e9, .is_high_value = true}), "has the price 2000000000");
}

TEST(RowValues, AreOfHighValueAbove500) {
    EXPECT_EQ(fault_of({.is_high_value = true}), "has a wrong is_high_value");
    EXPECT_EQ(fault_of({.price = 500}), "");
    EXPECT_EQ(fault_of({.price = 500.01}), "has a wrong is_high_value");
}

TEST(RowValues, MayNotBeNullWhereTheFormatForbidsIt) {
    Finding finding("rows");
    check_nulls(*rows_of({}), "f", finding);
    EXPECT_TRUE(finding.check("").detail.starts_with("f has no column user_id")) << finding.check("").detail;
}

}  // namespace
}  // namespace millrace::verify
