#include "api/spreadsheet_csv.h"

#include <gtest/gtest.h>

namespace millrace::api {
namespace {

TEST(SpreadsheetCsv, CellsThatASpreadsheetWouldRunBecomeText) {
    EXPECT_EQ(without_formulas("=cmd|' /C calc'!A0,b\n"), "\"'=cmd|' /C calc'!A0\",b\n");
    EXPECT_EQ(without_formulas("a,+1+2\n@SUM(A1)\n-2+3\n"), "a,\"'+1+2\"\n\"'@SUM(A1)\"\n\"'-2+3\"\n");
    EXPECT_EQ(without_formulas("\"=HYPERLINK(\"\"http://x\"\",\"\"a,b\"\")\"\n"),
              "\"'=HYPERLINK(\"\"http://x\"\",\"\"a,b\"\")\"\n");
    EXPECT_EQ(without_formulas("\"\t=1\",\"\n=1\"\n"), "\"'\t=1\",\"'\n=1\"\n");
    EXPECT_EQ(without_formulas("＝1"), "\"'＝1\"");
    EXPECT_EQ(without_formulas("=name\r\n1\r\n"), "\"'=name\"\r\n1\r\n");  // column names are escaped, too
}

TEST(SpreadsheetCsv, NumbersStayNumbers) {
    const char* csv = "a,b,c\n-1,-0.5,+3\n-1e-7,-12345678901234567890,-1e999\n-,,\n";
    EXPECT_EQ(without_formulas(csv), "a,b,c\n-1,-0.5,+3\n-1e-7,-12345678901234567890,-1e999\n\"'-\",,\n");
}

TEST(SpreadsheetCsv, OtherCellsStayAsTheyAre) {
    for (const char* csv : {"", "a", "a,b\n1,\"x,y\"\n", "\"say \"\"=1\"\"\",b\n", "\"\",\"\"\n", ",,\n",
                            "a=b,c-d\n", "\"open"})
        EXPECT_EQ(without_formulas(csv), csv);
}

}  // namespace
}  // namespace millrace::api
