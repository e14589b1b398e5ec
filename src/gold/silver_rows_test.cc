#include "gold/silver_rows.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace millrace::gold {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

/// A row of Silver. Its times are microseconds since 1970.
struct SilverRow {
    std::int64_t time = 0;
    std::int64_t log_time = 0;
    int partition = 0;
    std::optional<std::string> user = "u";
    std::optional<double> price = 2.5;
    std::optional<int> quantity = 3;
    std::optional<std::string> session;
    std::string product = "p";
    std::optional<bool> bot = false;
};

template <typename Builder>
std::shared_ptr<arrow::Array> column_of(const std::vector<SilverRow>& rows, auto&& value_of_row,
                                        Builder builder = {}) {
    for (const SilverRow& row : rows) {
        const std::optional value = value_of_row(row);
        EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
    }
    return builder.Finish().ValueOrDie();
}

/// The rows in the layout of a silver file; strings are encoded by a dictionary if `encoded`.
std::shared_ptr<arrow::RecordBatch> silver_rows(const std::vector<SilverRow>& rows, bool encoded = false) {
    const auto text = [&](auto&& value_of_row) {
        if (encoded) return column_of<arrow::StringDictionary32Builder>(rows, value_of_row);
        return column_of<arrow::StringBuilder>(rows, value_of_row);
    };
    const auto number = [&]<typename Builder>(Builder builder, auto&& value_of_row) {
        return column_of<Builder>(rows, value_of_row, std::move(builder));
    };
    const auto time = [&](auto&& value_of_row) {
        const auto type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
        arrow::TimestampBuilder builder(type, arrow::default_memory_pool());
        for (const SilverRow& row : rows) EXPECT_TRUE(builder.Append(value_of_row(row)).ok());
        return builder.Finish().ValueOrDie();
    };
    const auto none = [](const SilverRow&) { return std::optional<std::string>(); };
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>> columns = {
        {"user_id", text([](const SilverRow& row) { return row.user; })},
        {"product_id", text([](const SilverRow& row) { return std::optional(row.product); })},
        {"event_timestamp", time([](const SilverRow& row) { return row.time; })},
        {"session_id", text([](const SilverRow& row) { return row.session; })},
        {"product_category", text(none)},
        {"device_type", text(none)},
        {"page_url", text(none)},
        {"price", number(arrow::DoubleBuilder(), [](const SilverRow& row) { return row.price; })},
        {"partition",
         number(arrow::Int32Builder(), [](const SilverRow& row) { return std::optional(row.partition); })},
        {"kafka_timestamp", time([](const SilverRow& row) { return row.log_time; })},
        {"quantity", number(arrow::Int32Builder(), [](const SilverRow& row) { return row.quantity; })},
        {"order_id", text(none)},
        {"currency", text([](const SilverRow&) { return std::optional<std::string>("EUR"); })},
        {"is_bot", number(arrow::BooleanBuilder(), [](const SilverRow& row) { return row.bot; })}};
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const auto& [name, array] : columns) {
        fields.push_back(arrow::field(name, array->type()));
        arrays.push_back(array);
    }
    return arrow::RecordBatch::Make(arrow::schema(fields), static_cast<std::int64_t>(rows.size()), arrays);
}

std::shared_ptr<arrow::RecordBatch> without_column(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                   const std::string& column) {
    return rows->RemoveColumn(rows->schema()->GetFieldIndex(column)).ValueOrDie();
}

class ReadEventsTest : public testing::Test {
  protected:
    Events read(std::vector<SilverRows> rows) {
        Events events;
        read_events(rows, strings_, pool_, events);
        return events;
    }
    Events read(const std::shared_ptr<arrow::RecordBatch>& rows, std::string_view type = "view") {
        return read({{rows, type}});
    }
    Event only(const SilverRow& row) { return read(silver_rows({row})).rows.at(0); }

    Strings strings_;
    base::WorkerPool pool_{2};
};

TEST_F(ReadEventsTest, MissingValuesHaveTheirDefaults) {
    const Event whole = only({.session = "s", .bot = true});
    EXPECT_EQ(whole.price, 25'000);
    EXPECT_EQ(whole.quantity, 3);
    EXPECT_TRUE(whole.bot);
    EXPECT_EQ(strings_.value(Field::session, whole.session), "s");
    const Event empty = only({.price = {}, .quantity = {}, .session = {}, .bot = {}});
    EXPECT_EQ(empty.price, 0);
    EXPECT_EQ(empty.quantity, 1);
    EXPECT_FALSE(empty.bot);
    EXPECT_EQ(empty.session, 0U);
}

TEST_F(ReadEventsTest, TheTypeOfTheRowsIsTheKind) {
    const auto rows = silver_rows({{}, {}});
    const auto kinds = [](const Events& events) {
        std::vector<Kind> found;
        for (const Event& event : events.rows) found.push_back(event.kind);
        return found;
    };
    EXPECT_THAT(kinds(read(rows, "refund")), ElementsAre(Kind::refund, Kind::refund));
    EXPECT_THAT(kinds(read(rows, "add_to_cart")), ElementsAre(Kind::add_to_cart, Kind::add_to_cart));
    EXPECT_THAT(kinds(read(rows, "View")), ElementsAre(Kind::other, Kind::other));
}

TEST_F(ReadEventsTest, StringsWithADictionaryAreReadAsThoseWithout) {
    const std::vector<SilverRow> rows = {
        {.user = "a", .session = "s"}, {.user = "b"}, {.user = "a"}, {.user = "", .session = "s"}};
    for (const bool encoded : {false, true}) {
        const Events events = read(silver_rows(rows, encoded));
        std::vector<std::pair<std::string_view, std::string_view>> seen;
        for (const Event& event : events.rows)
            seen.emplace_back(strings_.value(Field::user, event.user),
                              strings_.value(Field::session, event.session));
        EXPECT_THAT(seen, ElementsAre(Pair("a", "s"), Pair("b", ""), Pair("a", ""), Pair("", "s")))
            << "encoded: " << encoded;
    }
}

TEST_F(ReadEventsTest, APartitionsClockIsTheLatestTimeThatBothClocksHaveReached) {
    const Events events = read(silver_rows({{.time = 100, .log_time = 50},
                                            {.time = 55, .log_time = 60},
                                            {.time = 40, .log_time = 70},
                                            {.time = 10, .log_time = 80, .partition = 1},
                                            {.time = 30, .log_time = 90, .partition = 0}}));
    EXPECT_THAT(events.clocks, ElementsAre(Pair(0, model::from_us(55)), Pair(1, model::from_us(10))));
    EXPECT_EQ(events.newest, model::from_us(90));
    EXPECT_EQ(events.oldest, model::from_us(50));
}

TEST_F(ReadEventsTest, RowsAreAppendedAndNoClockGoesBack) {
    Events events;
    read_events({{silver_rows({{.time = 100, .log_time = 100}}), "view"}}, strings_, pool_, events);
    read_events({{silver_rows({{.time = 20, .log_time = 60}}), "view"}, {silver_rows({}), "view"}}, strings_,
                pool_, events);
    EXPECT_EQ(events.rows.size(), 2U);
    EXPECT_THAT(events.clocks, ElementsAre(Pair(0, model::from_us(100))));
    EXPECT_EQ(events.newest, model::from_us(100));
    EXPECT_EQ(events.oldest, model::from_us(60));
}

TEST_F(ReadEventsTest, ManyRowsAreReadByThreadsAsFewAreByOne) {
    std::vector<SilverRow> views;
    std::vector<SilverRow> purchases;
    for (std::int64_t i = 0; i < 40'000; ++i) {
        const SilverRow row{
            .time = i, .user = "u" + std::to_string(i % 700), .session = std::to_string(i / 3)};
        (i % 10 == 0 ? purchases : views).push_back(row);
    }
    const Events together = read({{silver_rows(views), "view"},
                                  {silver_rows({{.user = "a"}}), "identify"},
                                  {silver_rows(purchases, true), "purchase"}});
    ASSERT_EQ(together.rows.size(), views.size() + purchases.size());
    for (std::size_t i = 0; i < together.rows.size(); i += 997) {
        const bool viewed = i < views.size();
        const Event alone = only(viewed ? views[i] : purchases[i - views.size()]);
        const Event& event = together.rows[i];
        EXPECT_EQ(event.kind, viewed ? Kind::view : Kind::purchase);
        EXPECT_EQ(event.time, alone.time);
        EXPECT_EQ(event.user, alone.user);
        EXPECT_EQ(event.session, alone.session);
        EXPECT_EQ(event.product, alone.product);
        EXPECT_EQ(event.price, alone.price);
    }
}

TEST_F(ReadEventsTest, AColumnOfAnotherTypeAndAMissingOneThatCannotBeNullAreNamed) {
    const auto rows = silver_rows({SilverRow()});
    const auto named = [](const std::string& column) {
        return testing::ThrowsMessage<Error>(HasSubstr(" " + column + " "));
    };
    for (const std::string& column : event_columns()) {
        const int place = rows->schema()->GetFieldIndex(column);
        if (place < 0) continue;  // decimals, which the rows above do not have
        const auto other = arrow::MakeArrayOfNull(arrow::int8(), 1).ValueOrDie();
        const auto wrong = rows->SetColumn(place, arrow::field(column, arrow::int8()), other).ValueOrDie();
        EXPECT_THAT([&] { read(wrong); }, named(column));
    }
    for (const char* column : {"user_id", "event_timestamp", "kafka_timestamp", "partition"})
        EXPECT_THAT([&] { read(without_column(rows, column)); }, named(column));
}

TEST_F(ReadEventsTest, AWholeOrderIsNoProduct) {
    const std::vector<SilverRow> sold = {{.product = "order:7"}, {.product = "p"}};
    for (const bool encoded : {false, true}) {
        const Events events = read(silver_rows(sold, encoded), "purchase");
        EXPECT_EQ(events.rows.at(0).product, 0U);
        EXPECT_NE(events.rows.at(1).product, 0U);
        EXPECT_EQ(events.rows.at(0).amount(), events.rows.at(1).amount());
    }
}

TEST_F(ReadEventsTest, AColumnThatRowsLackIsNull) {
    auto rows = silver_rows({SilverRow()});
    for (const char* column : {"product_id", "session_id", "product_category", "device_type", "page_url",
                               "price", "quantity", "order_id", "currency", "is_bot"})
        rows = without_column(rows, column);
    const Event event = read(rows).rows.at(0);
    EXPECT_EQ(event.product, 0U);
    EXPECT_EQ(event.order, 0U);
    EXPECT_EQ(event.price, 0);
    EXPECT_EQ(event.items, 1);
    EXPECT_FALSE(event.bot);
}

}  // namespace
}  // namespace millrace::gold
