#include "serve/sql_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::serve {
namespace {

using testing::HasSubstr;
using testing::Not;

SqlView view(std::vector<SqlView::File> files) {
    return {
        .name = "gold.kpis", .columns = {{"price", "DOUBLE"}, {"day", "VARCHAR"}}, .files = std::move(files)};
}

TEST(SqlView, HasItsColumnsWithoutAnyFile) {
    EXPECT_EQ(create_view(view({})),
              "create schema if not exists \"gold\";\n"
              "create view \"gold\".\"kpis\" as select \"price\", \"day\" from "
              "(select null::DOUBLE as \"price\", null::VARCHAR as \"day\" where false);\n");
}

TEST(SqlView, FolderNamesAreUsedIfTheyMatchTheDeltaLog) {
    const std::string sql =
        create_view(view({{"gold/kpis/day=2024-01-01/a.parquet", {{"day", "2024-01-01"}}}}));
    EXPECT_THAT(sql, HasSubstr("hive_partitioning = true, hive_types = {'day': VARCHAR}"));
}

TEST(SqlView, EscapedValuesAndNullMatchFolderNames) {
    for (const SqlView::File& file :
         {SqlView::File{"t/day=a%2Fb/a.parquet", {{"day", "a/b"}}},
          SqlView::File{"t/day=__HIVE_DEFAULT_PARTITION__/a.parquet", {{"day", ""}}},
          SqlView::File{"t/day=1/hour=2/a.parquet", {{"hour", "2"}, {"day", "1"}}}})
        EXPECT_THAT(create_view(view({file})), Not(HasSubstr("hive_partitioning = false"))) << file.path;
}

TEST(SqlView, TheDeltaLogsValuesAreUsedIfFolderNamesDiffer) {
    for (const char* path : {"t/a.parquet", "t/x/a.parquet", "t/day=1999-01-01/a.parquet",
                             "price=7/t/day=2024-01-01/a.parquet", "t/day=2024-01-01/price=7/a.parquet"}) {
        const std::string sql = create_view(view({{path, {{"day", "2024-01-01"}}}}));
        EXPECT_THAT(sql, HasSubstr("'2024-01-01'::VARCHAR as \"day\"")) << path;
        EXPECT_THAT(sql, Not(HasSubstr("hive_partitioning = true"))) << path;
    }
    EXPECT_THAT(create_view(view({{"t/a.parquet", {{"day", ""}}}})), HasSubstr("null::VARCHAR as \"day\""));
}

TEST(SqlView, FolderNamesOfATableWithoutPartitionsAreIgnored) {
    EXPECT_THAT(create_view(view({{"price=7/quarantine/a.parquet", {}}})),
                HasSubstr("hive_partitioning = false"));
}

TEST(SqlView, TextsAndNamesAreQuoted) {
    EXPECT_EQ(sql_literal("it's"), "'it''s'");
    EXPECT_EQ(sql_identifier("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(sql_list({"a", "b'"}), "['a', 'b''']");
}

TEST(SqlView, IsMentionedByItsNameAndItsSchemas) {
    EXPECT_TRUE(mentions("from GOLD . \"Kpis\"", view({})));
    EXPECT_TRUE(mentions("show all tables", view({})));
    EXPECT_FALSE(mentions("from live.kpis", view({})));
    EXPECT_FALSE(mentions("from gold.users", view({})));
    EXPECT_TRUE(mentions("from silver", {.name = "silver", .columns = {}, .files = {}}));
}

}  // namespace
}  // namespace millrace::serve
