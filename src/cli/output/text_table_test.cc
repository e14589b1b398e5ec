#include "cli/output/text_table.h"

#include <gtest/gtest.h>

namespace millrace::cli {
namespace {

namespace json = boost::json;

TextTable prices() {
    TextTable table = TextTable::of(
        {text_column("id"), {.name = "price", .type = "DOUBLE"}, {.name = "bot", .type = "BOOLEAN"}});
    table.add({"e1", 972.2, false});
    table.add({"e\t2", nullptr, nullptr});
    return table;
}

TEST(TextTable, APipeGetsEverythingSeparatedByTabs) {
    EXPECT_EQ(prices().tab_separated(), "id\tprice\tbot\ne1\t972.2\tfalse\ne\\t2\t\t");
}

TEST(TextTable, JsonKeepsTheTypes) {
    EXPECT_EQ(
        json_text(prices().json()),
        R"({"columns":[{"name":"id","type":"VARCHAR"},{"name":"price","type":"DOUBLE"},{"name":"bot","type":"BOOLEAN"}],)"
        R"("rows":[{"id":"e1","price":972.2,"bot":false},{"id":"e\t2","price":null,"bot":null}],"truncated":false})");
}

TEST(TextTable, JsonIsUtf8WhateverTheCellsHold) {
    TextTable table({"value"});
    table.add_row({"\xff\xfe"});
    EXPECT_EQ(json::serialize(table.json().at("rows")), R"([{"value":{"base64":"//4="}}])");
}

TEST(TextTable, AQuerysResultIsATable) {
    const auto columns =
        json::parse(R"([{"name":"n","type":"BIGINT"},{"name":"at","type":"TIMESTAMP"}])").as_array();
    const auto rows = json::parse(R"([{"n":1,"at":"2024-05-01 10:00:00"},{"n":null,"at":null}])").as_array();
    const TextTable table = table_of({.columns = columns, .rows = rows, .truncated = true});
    EXPECT_TRUE(table.columns()[0].is_number());
    EXPECT_TRUE(table.is_truncated());
    EXPECT_EQ(table.tab_separated(), "n\tat\n1\t2024-05-01 10:00:00\n\t");
    EXPECT_EQ(table.json().at("rows"), json::value(rows));
}

}  // namespace
}  // namespace millrace::cli
