#include "api/live_tables.h"

#include <gtest/gtest.h>

namespace millrace::api {
namespace {

using gold::Table;
using gold::TableSet;

TEST(LiveTables, AreFoundInAnySpelling) {
    for (const char* query :
         {"from live.kpis", "select * from LIVE . \"Kpis\"", "from \"live\".kpis", "from live\n.\nkpis"})
        EXPECT_EQ(live_tables(query), TableSet{Table::kpis}) << query;
    EXPECT_EQ(live_tables("from live.kpis, live.users"), (TableSet{Table::kpis, Table::users}));
}

TEST(LiveTables, AreNotFoundInOtherWords) {
    for (const char* query : {"from gold.kpis", "from olive.kpis", "from silver live", "select 1"})
        EXPECT_TRUE(live_tables(query).empty()) << query;
}

TEST(LiveTables, AreAllReturnedIfACommentIsInTheName) {
    EXPECT_EQ(live_tables("from live./* open */kpis"), gold::all_metrics());
}

TEST(LiveTables, HaveTheColumnsOfGold) {
    std::vector<serve::SqlView> views;
    for (const Table table : gold::all_tables)
        views.push_back({.name = "gold." + std::string(gold::table_name(table)),
                         .columns = {{"a", "BIGINT"}},
                         .files = {}});
    const auto live = add_live_views(views);
    EXPECT_EQ(live.size(), gold::table_count);
    EXPECT_EQ(live.at(Table::kpis)->name, "live.kpis");
    EXPECT_EQ(live.at(Table::kpis)->columns.size(), 1U);
    EXPECT_EQ(views.size(), 2 * gold::table_count);
}

}  // namespace
}  // namespace millrace::api
