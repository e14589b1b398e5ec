#include "gold/sessions.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cereal/archives/binary.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/vector.hpp>
#include <sstream>

#include "base/worker_pool.h"
#include "gold/test_times.h"
#include "gold/visit/entry.h"

namespace millrace::gold {
namespace {

using testing::ElementsAre;

/// The operator alone. Its times are those after 1970 began.
class SessionsTest : public testing::Test {
  protected:
    /// What happens, and when.
    struct Happening {
        base::Duration at;
        std::string_view session = "s";
        std::string_view user = "u";
        Kind kind = Kind::view;
        std::string_view product = "p";
        std::string_view page = "/";
        std::string_view currency = "EUR";
    };

    Event event(const Happening& what) {
        return {.time = Timestamp(what.at),
                .price = model::to_money(2.5),
                .quantity = 2,
                .items = 2,
                .kind = what.kind,
                .user = strings_[Field::user].add(what.user),
                .product = strings_[Field::product].add(what.product),
                .session = strings_[Field::session].add(what.session),
                .page = strings_[Field::page].add(what.page),
                .currency = strings_[Field::currency].add(what.currency)};
    }
    void add(const std::vector<Happening>& happenings) {
        std::vector<Event> events;
        for (const Happening& what : happenings) events.push_back(event(what));
        sessions_.add(events);
    }
    /// The number of rows of one table that a watermark closes.
    std::int64_t closed_by(base::Duration watermark, Table table = Table::sessions) {
        sessions_.close(Timestamp(watermark), output_);
        std::int64_t rows = 0;
        for (const auto& [day, batch] : output_[table].take()) rows += batch->num_rows();
        return rows;
    }
    /// Closes everything, and returns the last row of a table on a day by the names of its columns.
    std::map<std::string, std::string> row_of(std::int64_t day, Table table = Table::sessions) {
        sessions_.close(end_of_time, output_);
        std::map<std::string, std::string> row;
        const auto rows = output_[table].take();
        if (!rows.contains(day)) return row;
        const arrow::RecordBatch& batch = *rows.at(day);
        const std::int64_t last = batch.num_rows() - 1;
        for (int i = 0; i < batch.num_columns(); ++i)
            row[batch.schema()->field(i)->name()] = batch.column(i)->GetScalar(last).ValueOrDie()->ToString();
        return row;
    }

    const model::GoldOptions options_{.session_gap = std::chrono::hours(4)};  // longer than the other gap
    Strings strings_;
    Visitors visitors_{strings_, options_.identity_reach};
    base::WorkerPool pool_{2};
    RunTasks run_ = [this](auto tasks) { pool_.run_all(std::move(tasks)); };
    Sessions sessions_{strings_, model::TimeZone("UTC"), options_, visitors_, run_};
    Output output_;
};

TEST_F(SessionsTest, ASessionIsClosedAfterItsGapAndAReturnOpensAnother) {
    add({{.at = {}}, {.at = hour}});
    EXPECT_EQ(closed_by(5 * hour - minute), 0);
    EXPECT_EQ(closed_by(5 * hour), 1);
    add({{.at = 6 * hour}});
    EXPECT_EQ(closed_by(10 * hour), 1);
    EXPECT_EQ(sessions_.late(), 0);
}

TEST_F(SessionsTest, WithoutASessionIdHalfAnHourEndsASession) {
    add({{.at = {}, .session = ""},
         {.at = 29 * minute, .session = ""},
         {.at = 59 * minute, .session = ""},
         {.at = minute, .session = "", .user = "v"}});
    EXPECT_EQ(closed_by(89 * minute), 3);
}

TEST_F(SessionsTest, ASessionThatLastsForDaysIsCutAtMidnights) {
    std::vector<Happening> happenings;
    for (base::Duration at = 10 * hour; at < std::chrono::days(4); at += hour) happenings.push_back({at});
    add(happenings);
    // The first session spans the first two days; each later day is one session.
    EXPECT_EQ(closed_by(std::chrono::days(2)), 1);
    EXPECT_EQ(closed_by(std::chrono::days(3)), 1);
    EXPECT_EQ(closed_by(std::chrono::days(5)), 1);
}

TEST_F(SessionsTest, AnEventBehindTheWatermarkJoinsAnOpenSessionOnly) {
    add({{.at = 10 * hour}, {.at = 2 * hour, .user = "v"}});
    EXPECT_EQ(closed_by(10 * hour + 5 * minute), 1);
    add({{.at = 9 * hour + 59 * minute}});
    EXPECT_EQ(sessions_.late(), 0);
    add({{.at = 3 * hour, .user = "v"}});
    EXPECT_EQ(sessions_.late(), 1);
    EXPECT_EQ(closed_by(20 * hour), 1);
}

TEST_F(SessionsTest, AFunnelHourWaitsForTheSessionsThatBeganInIt) {
    add({{.at = 10 * minute}, {.at = 2 * hour}, {.at = 20 * minute, .user = "v"}});
    closed_by(5 * hour);
    EXPECT_EQ(closed_by(6 * hour - minute, Table::funnel), 0);
    EXPECT_EQ(closed_by(6 * hour, Table::funnel), 1);
}

TEST_F(SessionsTest, ALateEventJoinsTwoSessionsThatAreOpen) {
    add({{.at = {}, .session = ""}, {.at = 50 * minute, .session = ""}});
    EXPECT_EQ(closed_by(29 * minute), 0);
    add({{.at = 25 * minute, .session = ""}});
    EXPECT_EQ(closed_by(79 * minute), 0) << "there is no gap of half an hour any more";
    EXPECT_EQ(closed_by(80 * minute), 1);
}

TEST_F(SessionsTest, ARowDoesNotDependOnTheOrderInWhichItsEventsCame) {
    add({{.at = 10 * minute, .kind = Kind::purchase, .page = "/thanks"},
         {.at = {}, .page = "/start"},
         {.at = 5 * minute, .kind = Kind::add_to_cart, .product = "q", .page = "/cart"},
         {.at = {}, .page = "/second"}});
    const auto row = row_of(0);
    EXPECT_EQ(row.at("duration_ms"), "600000");
    EXPECT_EQ(row.at("events"), "4");
    EXPECT_EQ(row.at("products"), "2");
    EXPECT_EQ(row.at("entry_page"), "/second") << "of two pages at the same time, the first by name";
    EXPECT_EQ(row.at("exit_page"), "/thanks");
    EXPECT_EQ(row.at("revenue"), "5.0000");
    EXPECT_EQ(row.at("converted"), "true");
    EXPECT_EQ(row.at("abandoned_cart"), "false");
    EXPECT_EQ(row.at("abandoned_value"), "null");
}

TEST_F(SessionsTest, APurchaseHasTheChannelThatTheEventsOfItsSessionUpToItTell) {
    const auto at = [&](base::Duration time, Kind kind, const PageVisit& page) {
        Event made = event({.at = time, .kind = kind});
        if (!page.page_url.empty()) made.entry = strings_[Field::entry].add(entry_text(page));
        if (kind != Kind::purchase) return made;
        made.order = strings_[Field::order].add("o");
        made.id = strings_[Field::event].add(std::to_string(time.count()));
        made.line = 1;
        return made;
    };
    const PageVisit mail{.page_url = "https://s.example/", .utm_medium = "email"};
    const PageVisit paid{.page_url = "https://s.example/", .utm_medium = "cpc"};
    const std::vector<Event> events = {at(8 * hour, Kind::purchase, {}),
                                       at(1 * hour, Kind::purchase, {}),
                                       at(2 * hour + minute, Kind::purchase, {}),
                                       at(2 * hour, Kind::view, mail),
                                       at(2 * hour + 2 * minute, Kind::view, paid),
                                       at(8 * hour + second, Kind::view, paid)};
    sessions_.add(events);
    auto channels = sessions_.channels_of(events);
    EXPECT_EQ(channels.size(), 3U);
    EXPECT_EQ(channels.at(events[0].id), Channel::unknown) << "the page came after the purchase";
    EXPECT_EQ(channels.at(events[1].id), Channel::unknown) << "the page is of a later session";
    EXPECT_EQ(channels.at(events[2].id), Channel::mail);
}

TEST_F(SessionsTest, ACartWithoutAPurchaseIsAbandoned) {
    add({{.at = {}, .kind = Kind::add_to_cart}, {.at = minute, .kind = Kind::add_to_cart, .product = "q"}});
    const auto row = row_of(0);
    EXPECT_EQ(row.at("abandoned_cart"), "true");
    EXPECT_EQ(row.at("abandoned_value"), "10.0000");
    EXPECT_EQ(row.at("bounced"), "false");
}

TEST_F(SessionsTest, AnOpenSessionHasNoOutcomeYet) {
    add({{.at = {}, .user = "a"}, {.at = {}, .user = "b", .kind = Kind::add_to_cart}});
    Output open;
    sessions_.peek(open);
    const auto rows = open[Table::sessions].take().at(0);
    ASSERT_EQ(rows->num_rows(), 2);
    for (const char* column : {"bounced", "abandoned_cart"}) {
        for (std::int64_t row = 0; row < 2; ++row)
            EXPECT_EQ(rows->GetColumnByName(column)->GetScalar(row).ValueOrDie()->ToString(), "false");
    }
    EXPECT_EQ(rows->GetColumnByName("abandoned_value")->null_count(), 2);
}

TEST_F(SessionsTest, AmountsOfSeveralCurrenciesAreNotAdded) {
    add({{.at = {}, .kind = Kind::purchase}, {.at = minute, .kind = Kind::purchase, .currency = "USD"}});
    const auto row = row_of(0);
    EXPECT_EQ(row.at("currency"), "null");
    EXPECT_EQ(row.at("revenue"), "null");
    EXPECT_EQ(row.at("purchases"), "2");
}

TEST_F(SessionsTest, TheFunnelTakesTheStepsOfOneProductInOrderAlsoAtTheSameTime) {
    add({{.at = {}, .kind = Kind::purchase},
         {.at = {}, .kind = Kind::add_to_cart},
         {.at = {}},
         {.at = {}, .user = "v", .kind = Kind::view, .product = "q"},
         {.at = minute, .user = "v", .kind = Kind::add_to_cart, .product = "r"}});
    const auto row = row_of(0, Table::funnel);
    EXPECT_EQ(row.at("sessions"), "2");
    EXPECT_EQ(row.at("sessions_viewed"), "2");
    EXPECT_EQ(row.at("sessions_carted"), "1") << "the second user did not view what they put into the cart";
    EXPECT_EQ(row.at("sessions_purchased"), "1");
    EXPECT_EQ(row.at("carts"), "2");
}

TEST_F(SessionsTest, ASavedStateKnowsWhereALongSessionWasCut) {
    add({{.at = 23 * hour}, {.at = 26 * hour}, {.at = 29 * hour}, {.at = 32 * hour}, {.at = 35 * hour}});
    add({{.at = 38 * hour}, {.at = 41 * hour}, {.at = 44 * hour}, {.at = 47 * hour}});
    EXPECT_EQ(closed_by(48 * hour), 1);
    std::stringstream saved;
    cereal::BinaryOutputArchive{saved}(sessions_);
    Sessions restored(strings_, model::TimeZone("UTC"), options_, visitors_, run_);
    cereal::BinaryInputArchive{saved}(restored);
    // The session goes on, so its next part ends with the day.
    for (const base::Duration at :
         {49 * hour, 52 * hour, 55 * hour, 58 * hour, 61 * hour, 64 * hour, 67 * hour, 70 * hour, 73 * hour})
        restored.add({event({.at = at})});
    Output output;
    restored.close(Timestamp(72 * hour), output);
    EXPECT_EQ(output[Table::sessions].size(), 1);
    EXPECT_EQ(restored.late(), 0);
    restored.add({event({.at = 46 * hour})});
    EXPECT_EQ(restored.late(), 1) << "it belongs to the part that is closed";
}

}  // namespace
}  // namespace millrace::gold
