#include "base/csv_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::base {
namespace {

using testing::ElementsAre;

TEST(CsvLine, QuotesAreRead) {
    std::vector<std::string_view> fields;
    std::string scratch;
    EXPECT_TRUE(split_csv(R"(a,,"b,c","d ""e""",)", fields, scratch));
    EXPECT_THAT(fields, ElementsAre("a", "", "b,c", "d \"e\"", ""));
    EXPECT_FALSE(split_csv(R"(a,"b)", fields, scratch));
    EXPECT_FALSE(split_csv(R"("a"b,c)", fields, scratch));
    EXPECT_TRUE(split_csv("", fields, scratch));
    EXPECT_THAT(fields, ElementsAre(""));
}

}  // namespace
}  // namespace millrace::base
