#include "gold/stage/open_rows_copy.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gold/test_times.h"

namespace millrace::gold {
namespace {

/// Gold with the open windows of many users on two days.
class OpenRowsCopyTest : public testing::Test {
  protected:
    OpenRowsCopyTest() { add("u", 3000); }

    void add(const std::string& prefix, int users) {
        Events events;
        Strings& strings = gold_.strings();
        for (int n = 0; n < users; ++n) {
            const std::string name = prefix + std::to_string(n);
            events.rows.push_back({.time = noon + n * 20 * second,
                                   .price = 100,
                                   .kind = Kind::view,
                                   .user = strings[Field::user].add(name),
                                   .product = strings[Field::product].add("p"),
                                   .session = strings[Field::session].add(name),
                                   .currency = strings[Field::currency].add("EUR")});
        }
        gold_.add(events);
    }

    Gold gold_{model::TimeZone("UTC"), {}, [](auto tasks) {
                   for (const auto& task : tasks) task();
               }};
};

TEST_F(OpenRowsCopyTest, HasTheRowsOfTheMomentAtWhichItWasMade) {
    const TableSet tables = {Table::users, Table::kpis, Table::sessions};
    Output expected;
    gold_.peek(expected, tables);
    const auto copy = OpenRowsCopy::start(gold_, tables);
    ASSERT_TRUE(copy);
    add("later", 500);
    Output found;
    ASSERT_TRUE(copy->read(found));
    for (const Table table : tables) {
        EXPECT_GT(found[table].size(), 0);
        const auto rows = found[table].take();
        const auto wanted = expected[table].take();
        ASSERT_EQ(rows.size(), wanted.size());
        for (const auto& [day, batch] : wanted)
            EXPECT_TRUE(rows.at(day)->Equals(*batch)) << table_name(table);
    }
}

TEST_F(OpenRowsCopyTest, MayHaveNoRows) {
    const Gold none(model::TimeZone("UTC"), {}, [](const auto&) {});
    const auto copy = OpenRowsCopy::start(none, {Table::users});
    ASSERT_TRUE(copy);
    Output found;
    EXPECT_TRUE(copy->read(found));
    EXPECT_EQ(found.size(), 0);
}

TEST_F(OpenRowsCopyTest, CountsTheRowsThatItWouldWrite) {
    Output rows;
    gold_.peek(rows, {Table::users});
    EXPECT_EQ(gold_.open_rows({Table::users}), static_cast<std::size_t>(rows.size()));
    EXPECT_EQ(gold_.open_rows({Table::sessions}), 3000U);
    EXPECT_EQ(gold_.open_rows({Table::funnel}), 3000U) << "the funnel is computed from sessions";
}

}  // namespace
}  // namespace millrace::gold
