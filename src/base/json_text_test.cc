#include "base/json_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace millrace::base {
namespace {

TEST(JsonText, WritesNumbersAsTheyAreUsuallyWritten) {
    EXPECT_EQ(json_text(0.031), "0.031");
    EXPECT_EQ(json_text(0.20269133725820015), "0.20269133725820015");
    EXPECT_EQ(json_text(-271.25976744186045), "-271.25976744186045");
    EXPECT_EQ(json_text(1784.5), "1784.5");
    EXPECT_EQ(json_text(std::int64_t{1569888000000}), "1569888000000");
}

TEST(JsonText, LosesNoDigitOfANumber) {
    for (const double number :
         {0.1, 1.0 / 3, 1e-9, 5e-324, 1e22, 1.7976931348623157e308, -0.0, 123456789.125}) {
        EXPECT_EQ(parse_json(json_text(number), "a number").to_number<double>(), number) << json_text(number);
    }
}

TEST(JsonText, WritesNullForInfinityAndNan) {
    EXPECT_EQ(json_text(std::numeric_limits<double>::quiet_NaN()), "null");
    EXPECT_EQ(json_text(-std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonText, WritesEverythingElseAsBoostDoes) {
    const json::value value = {{"text", "a \"quote\", \n, \u00e4"},
                               {"none", nullptr},
                               {"yes", true},
                               {"list", {1, "two", json::array()}},
                               {"nested", {{"empty", json::object()}}}};
    EXPECT_EQ(json_text(value), json::serialize(value));
}

}  // namespace
}  // namespace millrace::base
