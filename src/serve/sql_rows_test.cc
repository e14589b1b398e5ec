#include "serve/sql_rows.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace millrace::serve {
namespace {

constexpr std::string_view columns =
    R"({"column_name":"a","column_type":"DOUBLE","null":"YES"}
{"column_name":"b","column_type":"VARCHAR","null":"YES"}
)";

std::vector<std::string> rows_of(std::string_view text, std::int64_t limit = 100) {
    return read_sql_rows(columns, text, limit).rows;
}

TEST(SqlRows, HaveColumnsWithTypesAndTheRowsAsDuckDbWroteThem) {
    const SqlRows found =
        read_sql_rows(columns, "{\"a\":0.20269133725820015,\"b\":\"x\"}\n{\"a\":1e300,\"b\":null}\n", 2);
    EXPECT_EQ(found.to_json(),
              R"({"columns":[{"name":"a","type":"DOUBLE"},{"name":"b","type":"VARCHAR"}],)"
              R"("rows":[{"a":0.20269133725820015,"b":"x"},{"a":1e300,"b":null}],"truncated":false})");
    EXPECT_EQ(SqlRows{}.to_json({{"time", 5}}), R"({"columns":[],"rows":[],"truncated":false,"time":5})");
}

TEST(SqlRows, NumbersThatJsonDoesNotHaveAreStrings) {
    EXPECT_EQ(rows_of(R"({"a":NaN,"b":[Infinity,{"c":-Infinity}]})"),
              std::vector<std::string>{R"({"a":"NaN","b":["Infinity",{"c":"-Infinity"}]})"});
    // These spellings can occur in a value of the type JSON.
    EXPECT_EQ(rows_of(R"({"a":nan,"b":[inf,-inf,-Inf,true,false,null,-1.5e-7]})"),
              std::vector<std::string>{
                  R"({"a":"NaN","b":["Infinity","-Infinity","-Infinity",true,false,null,-1.5e-7]})"});
}

TEST(SqlRows, TextsStayAsTheyAre) {
    const std::string row = R"({"a":1,"b":"NaN, \"-Infinity\" } ] \\"})";
    EXPECT_EQ(rows_of(row), std::vector<std::string>{row});
}

TEST(SqlRows, ARowMayHaveLineBreaksAndBeVeryDeep) {
    EXPECT_EQ(rows_of("{\"a\":1,\"b\":{\n \"c\": 2\n}}\n"),
              std::vector<std::string>{R"({"a":1,"b":{"c":2}})"});
    const std::string deep =
        "{\"a\":1,\"b\":" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}";
    EXPECT_EQ(rows_of(deep), std::vector<std::string>{deep});
    EXPECT_EQ(sql_values(deep).size(), 2U);
}

TEST(SqlRows, RowsBeyondTheLimitAreLeftOutAndReportedAsTruncated) {
    constexpr std::string_view text = "{\"a\":1}\n{\"a\":2}\n";
    EXPECT_FALSE(read_sql_rows(columns, text, 2).truncated);
    EXPECT_TRUE(read_sql_rows(columns, text, 1).truncated);
    EXPECT_EQ(rows_of(text, 1), std::vector<std::string>{"{\"a\":1}"});
}

TEST(SqlRows, AnAnswerThatEndsWithinARowIsAnError) {
    EXPECT_THROW(rows_of(R"({"a":1,"b":)"), Error);
    EXPECT_THROW(rows_of(R"({"a":1,"b":"x)"), Error);
}

TEST(SqlRows, TheValuesOfARowAreReturnedInOrder) {
    const std::string row = R"({"a,}\"":-0.5,"b":"x, \"y\"}","c":{"d":[1,2],"e":"}"},"f":null})";
    EXPECT_EQ(sql_values(row),
              (std::vector<std::string_view>{"-0.5", R"("x, \"y\"}")", R"({"d":[1,2],"e":"}"})", "null"}));
    EXPECT_TRUE(sql_values("{}").empty());
}

TEST(SqlRows, AValueIsFormattedForPeople) {
    EXPECT_EQ(sql_text("0.20269133725820015"), "0.20269133725820015");
    EXPECT_EQ(sql_text(R"("a \"b\"\n\u00e9")"), "a \"b\"\n\u00e9");
    EXPECT_EQ(sql_text("null"), "");
    EXPECT_EQ(sql_text("[1,2]"), "[1,2]");
}

TEST(SqlRows, ColumnsOfNumbersAreKnown) {
    for (const char* type : {"BIGINT", "DOUBLE", "DECIMAL(38,4)", "UHUGEINT"})
        EXPECT_TRUE((SqlColumn{"a", type}.is_number())) << type;
    for (const char* type :
         {"VARCHAR", "BIGINT[]", "DECIMAL(38,4)[]", "TIMESTAMP WITH TIME ZONE", "STRUCT(a BIGINT)"})
        EXPECT_FALSE((SqlColumn{"a", type}.is_number())) << type;
}

}  // namespace
}  // namespace millrace::serve
