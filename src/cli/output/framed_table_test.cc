#include "cli/output/framed_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/output/terminal.h"

namespace millrace::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

TextTable orders() {
    TextTable table = TextTable::of({text_column("product"),
                                     count_column("views"),
                                     {.name = "conversion", .type = "DOUBLE"},
                                     {.name = "revenue", .type = "DECIMAL(38,4)"}});
    table.add({"prod_0042", 1234567, 0.01639344262295082, "1589.2800"});
    table.add({"日本", 7, nullptr, "12.5000"});
    return table;
}

TEST(FramedTable, NumbersAreAlignedToTheRightUnderATypedHeader) {
    EXPECT_EQ(framed(orders(), 100),
              "┌───────────┬───────────┬────────────┬───────────────┐\n"
              "│ product   │     views │ conversion │       revenue │\n"
              "│ varchar   │    bigint │     double │ decimal(38,4) │\n"
              "├───────────┼───────────┼────────────┼───────────────┤\n"
              "│ prod_0042 │ 1,234,567 │     0.0164 │       1589.28 │\n"
              "│ 日本      │         7 │       NULL │         12.50 │\n"
              "└───────────┴───────────┴────────────┴───────────────┘\n"
              "2 rows");
}

TEST(FramedTable, ColumnsThatDoNotFitAreLeftOutAndCounted) {
    TextTable table = orders();
    table.set_truncated(true);
    EXPECT_EQ(
        framed(table, 42),
        "┌───────────┬───────────┬────────────┬───┐\n"
        "│ product   │     views │ conversion │ … │\n"
        "│ varchar   │    bigint │     double │ … │\n"
        "├───────────┼───────────┼────────────┼───┤\n"
        "│ prod_0042 │ 1,234,567 │     0.0164 │ … │\n"
        "│ 日本      │         7 │       NULL │ … │\n"
        "└───────────┴───────────┴────────────┴───┘\n"
        "2 rows; there are more (--limit); 3 of 4 columns shown: use --json, a pipe or a wider terminal to "
        "see all");
}

TEST(FramedTable, LongTextsAreCutBeforeColumnsAreLeftOut) {
    TextTable table({"url", "name"});
    table.add_row({std::string(200, 'u'), "short"});
    const std::string wide = framed(table, 200);
    EXPECT_THAT(wide, HasSubstr(std::string(59, 'u') + "… │ short"));
    const std::string narrow = framed(table, 40);
    EXPECT_THAT(narrow, HasSubstr("… │ short"));
    EXPECT_THAT(narrow, EndsWith("1 row"));
}

TEST(FramedTable, NoLineIsWiderThanTheTerminal) {
    std::vector<TextColumn> columns;
    for (int i = 0; i < 25; ++i)
        columns.push_back(i % 3 == 0 ? count_column("n") : text_column("column_" + std::to_string(i)));
    TextTable table = TextTable::of(columns);
    for (int row = 0; row < 3; ++row) {
        base::json::array cells;
        for (int i = 0; i < 25; ++i) {
            if (i % 3 == 0) {
                cells.push_back(1'000'000 * row);
            } else {
                cells.push_back(base::json::string(static_cast<std::size_t>(i * 5), 'x'));
            }
        }
        table.add(std::move(cells));
    }
    for (std::size_t width = 20; width < 300; width += 7) {
        auto lines = lines_of(framed(table, width));
        lines.pop_back();  // the last line is a sentence, which a terminal wraps
        for (const auto& line : lines) EXPECT_LE(display_width(line), width);
    }
}

TEST(FramedTable, ControlCharactersAreEscaped) {
    TextTable table({"na\x1bme"});
    table.add_row({"\x1b]0;owned\x07"});
    EXPECT_THAT(framed(table, 80), Not(HasSubstr("\x1b")));
}

TEST(FramedTable, ATableWithoutRowsHasItsHeader) {
    EXPECT_THAT(framed(TextTable({"name"}), 80), EndsWith("└─────────┘\n0 rows"));
}

}  // namespace
}  // namespace millrace::cli
