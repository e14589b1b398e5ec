#include "cli/output/cell.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace millrace::cli {
namespace {

namespace json = boost::json;

std::string shown(const json::value& cell, const std::string& type, bool is_count = false) {
    return shown_text(cell, {.name = "c", .type = type, .is_count = is_count});
}

TEST(Cell, DoublesAreShort) {
    EXPECT_EQ(shown(0.01639344262295082, "DOUBLE"), "0.0164");
    EXPECT_EQ(shown(0.20269133725820015, "DOUBLE"), "0.2027");
    EXPECT_EQ(shown(271.25976744186045, "DOUBLE"), "271.2598");
    EXPECT_EQ(shown(972.2, "DOUBLE"), "972.2");
    EXPECT_EQ(shown(1500.0, "DOUBLE"), "1500");
    EXPECT_EQ(shown(-0.5, "DOUBLE"), "-0.5");
    EXPECT_EQ(shown(0.0, "DOUBLE"), "0");
    EXPECT_EQ(shown(0.000012345, "DOUBLE"), "0.0000123");
    EXPECT_EQ(shown(1e-9, "DOUBLE"), "1e-09");
    EXPECT_EQ(shown(2.5e20, "DOUBLE"), "2.5e+20");
    EXPECT_EQ(shown(std::nan(""), "DOUBLE"), "nan");
}

TEST(Cell, DecimalsLoseTrailingZerosButKeepCents) {
    EXPECT_EQ(shown("1589.2800", "DECIMAL(38,4)"), "1589.28");
    EXPECT_EQ(shown("5.0000", "DECIMAL(38,4)"), "5.00");
    EXPECT_EQ(shown("0.1234", "DECIMAL(38,4)"), "0.1234");
    EXPECT_EQ(shown("7", "DECIMAL(18,0)"), "7");
}

TEST(Cell, TimesAreCutToTheMillisecondInAnyZone) {
    EXPECT_EQ(shown("2024-05-01T10:00:00Z", "TIMESTAMP WITH TIME ZONE"), "2024-05-01T10:00:00Z");
    EXPECT_EQ(shown("2024-05-01T10:00:00.123456Z", "TIMESTAMP WITH TIME ZONE"), "2024-05-01T10:00:00.123Z");
    EXPECT_EQ(shown("2024-05-01 08:00:00.5-04", "TIMESTAMP WITH TIME ZONE"), "2024-05-01 08:00:00.5-04");
    EXPECT_EQ(shown("2024-05-01 08:00:00.000001", "TIMESTAMP"), "2024-05-01 08:00:00");
}

TEST(Cell, OnlyCountsHaveThousandsSeparators) {
    EXPECT_EQ(shown(1234567, "BIGINT", true), "1,234,567");
    EXPECT_EQ(shown(1234567, "BIGINT"), "1234567");
}

TEST(Cell, ControlCharactersAreEscaped) {
    EXPECT_EQ(shown("a\x1b[2J", "VARCHAR"), "a\\x1b[2J");
    EXPECT_EQ(shown("\xff", "BLOB"), "\\xff");
    EXPECT_EQ(shown(json::object{{"key", "\x1b"}}, "STRUCT(\"key\" VARCHAR)"), "{\"key\":\"\\u001b\"}");
    EXPECT_EQ(shown(nullptr, "VARCHAR"), "NULL");
    EXPECT_EQ(shown(true, "BOOLEAN"), "true");
}

TEST(Cell, JsonIsTypedAndAlwaysUtf8) {
    EXPECT_EQ(json_text(972.2), "972.2");
    EXPECT_EQ(json_text(std::numeric_limits<double>::infinity()), "null");
    EXPECT_EQ(json_text(true), "true");
    EXPECT_EQ(json_text(nullptr), "null");
    EXPECT_EQ(json_text(42), "42");
    EXPECT_EQ(json_text("a\"\x01"), R"("a\"\u0001")");
    EXPECT_EQ(json_text("a\xff"), R"({"base64":"Yf8="})");
    EXPECT_EQ(json_text(json::array{1, json::array{}, json::object{{"x", 0.5}}}), R"([1,[],{"x":0.5}])");
}

TEST(Cell, RawTextIsCompleteAndOnOneLine) {
    EXPECT_EQ(raw_text("a\tb\nc\\"), "a\\tb\\nc\\\\");
    EXPECT_EQ(raw_text(nullptr), "");
    EXPECT_EQ(raw_text(1234567), "1234567");
    EXPECT_EQ(raw_text(0.01639344262295082), "0.01639344262295082");
    EXPECT_EQ(raw_text("1589.2800"), "1589.2800");
}

}  // namespace
}  // namespace millrace::cli
