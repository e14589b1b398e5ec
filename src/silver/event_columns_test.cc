#include "silver/event_columns.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "silver/silver_table.h"

namespace millrace::silver {
namespace {

using testing::ElementsAre;

class EventColumnsTest : public testing::Test {
  protected:
    EventColumnsTest() { start(); }

    void start() {
        columns_.start({.day = 18'000, .event_type = "view", .partition = 2, .log_epoch = 7});
        next_ = bronze::Offset(0);
    }
    static model::Event view(std::string_view user = "u") {
        model::Event event;
        event.event_id = "e";
        event.user_id = user;
        event.event_type = "view";
        event.timestamp = model::day_start(18'000);
        event.product_id = "p";
        event.price = 10;
        return event;
    }
    void append(const model::Event& event, std::string_view key) {
        const bronze::Record record{next_++, base::from_ms(1'000), key, "", ""};
        columns_.append(event, {.record = record});
    }
    /// The values of a column as text.
    std::vector<std::string> values(const std::string& name) {
        std::vector<std::string> values;
        const auto batch = columns_.batch(model::from_us(5'000'000));
        const auto array = batch->GetColumnByName(name);
        const auto* encoded = dynamic_cast<const arrow::DictionaryArray*>(array.get());
        for (std::int64_t row = 0; row < array->length(); ++row) {
            const bool plain = encoded == nullptr || array->IsNull(row);
            const auto value =
                plain ? array->GetScalar(row) : encoded->dictionary()->GetScalar(encoded->GetValueIndex(row));
            values.push_back(array->IsNull(row) ? "null" : value.ValueOrDie()->ToString());
        }
        return values;
    }

    EventColumns columns_;
    bronze::Offset next_{0};
};

TEST_F(EventColumnsTest, HasTheColumnsOfASilverFileInTheirOrder) {
    append(view(), "u");
    append(view(), "u");
    const auto batch = columns_.batch(model::from_us(5'000'000));
    auto names = silver_layout().schema->field_names();
    names.erase(std::ranges::find(names, "anonymous_id"), names.end());  // the events have no details
    EXPECT_EQ(batch->schema()->field_names(), names);
    EXPECT_TRUE(batch->ValidateFull().ok());
    EXPECT_THAT(values("partition"), ElementsAre("2", "2"));
    EXPECT_THAT(values("log_epoch"), ElementsAre("7", "7"));
    EXPECT_THAT(values("offset"), ElementsAre("0", "1"));
    EXPECT_THAT(values("kafka_timestamp")[0], "1970-01-01 00:00:01.000000Z");
    EXPECT_THAT(values("processing_timestamp")[1], "1970-01-01 00:00:05.000000Z");
}

TEST_F(EventColumnsTest, HasAColumnOfDetailsOnlyIfAnEventHasAValue) {
    append(view(), "u");
    EXPECT_EQ(columns_.batch(model::Timestamp())->GetColumnByName("brand"), nullptr);
    model::Event event = view();
    event.with_details().brand = "b";
    append(event, "u");
    EXPECT_EQ(columns_.batch(model::Timestamp())->GetColumnByName("coupon"), nullptr);
    EXPECT_EQ(values("brand"), (std::vector<std::string>{"null", "b"}));
}

TEST_F(EventColumnsTest, AMissingValueIsNullAndAnEmptyOneIsNot) {
    model::Event event = view();
    event.session_id = "";
    event.product_id.reset();
    event.price.reset();
    append(event, "u");
    append(view(), "u");
    EXPECT_THAT(values("session_id"), ElementsAre("", "null"));
    EXPECT_THAT(values("product_id"), ElementsAre("null", "p"));
    EXPECT_THAT(values("price"), ElementsAre("null", "10"));
    EXPECT_THAT(values("quantity"), ElementsAre("1", "1"));
}

TEST_F(EventColumnsTest, OnlyAPriceAbove500IsOfHighValue) {
    for (const double price : {500.0, 500.01}) {
        model::Event event = view();
        event.price = price;
        append(event, "u");
    }
    EXPECT_THAT(values("is_high_value"), ElementsAre("false", "true"));
}

TEST_F(EventColumnsTest, TheHourIsThatOfTheDayInUtc) {
    for (const auto since_midnight :
         {std::chrono::minutes(59), std::chrono::minutes(60), std::chrono::minutes(24 * 60 - 1)}) {
        model::Event event = view();
        event.timestamp += since_midnight;
        append(event, "u");
    }
    EXPECT_THAT(values("event_hour"), ElementsAre("0", "1", "23"));
}

TEST_F(EventColumnsTest, AKeyThatIsNotTheUserLeavesTheKeysBeforeItAsTheyAre) {
    append(view("a"), "a");
    append(view("b"), "b");
    EXPECT_THAT(values("kafka_key"), ElementsAre("a", "b"));
    append(view("a"), "another");
    append(view("a"), "a");
    EXPECT_THAT(values("kafka_key"), ElementsAre("a", "b", "another", "a"));
    EXPECT_THAT(values("user_id"), ElementsAre("a", "b", "a", "a"));
}

TEST_F(EventColumnsTest, ARecordWithoutAKeyIsNotOneWithAnEmptyKey) {
    append(view("a"), std::string_view());
    append(view("a"), "");
    append(view("a"), "a");
    EXPECT_THAT(values("kafka_key"), ElementsAre("null", "", "a"));
}

TEST_F(EventColumnsTest, ANewFileHasNothingOfTheOneBefore) {
    model::Event event = view("a");
    event.price.reset();
    append(event, "another");
    start();
    EXPECT_EQ(columns_.rows(), 0U);
    EXPECT_EQ(columns_.id_bytes(), 0U);
    append(view("b"), "b");
    EXPECT_EQ(columns_.rows(), 1U);
    EXPECT_THAT(values("price"), ElementsAre("10"));
    EXPECT_THAT(values("kafka_key"), ElementsAre("b"));
    EXPECT_THAT(values("event_id"), ElementsAre("e"));
}

}  // namespace
}  // namespace millrace::silver
