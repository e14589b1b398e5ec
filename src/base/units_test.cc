#include "base/units.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace millrace::base {
namespace {

using std::chrono::hours, std::chrono::milliseconds, std::chrono::seconds;

TEST(Units, DurationsAreRead) {
    EXPECT_EQ(parse_duration("20s"), seconds(20));
    EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
    EXPECT_EQ(parse_duration("1.5h"), std::chrono::minutes(90));
    EXPECT_EQ(parse_duration("7d"), hours(168));
    EXPECT_EQ(parse_duration("0"), seconds(0));
}

TEST(Units, BadDurationsAreRefusedWithTheForm) {
    for (const char* bad : {"", "s", "-1s", "5", "5 parsecs", "nan", "1e30h", "20s20s"}) {
        try {
            parse_duration(bad);
            FAIL() << bad;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), Error::Kind::usage);
            EXPECT_NE(std::string(error.what()).find("such as 20s"), std::string::npos) << error.what();
        }
    }
}

TEST(Units, SizesAndSharesAreRead) {
    EXPECT_EQ(parse_size("1GiB"), 1LL << 30);
    EXPECT_EQ(parse_size("1000"), 1000);
    EXPECT_DOUBLE_EQ(parse_share("0.5%"), 0.005);
    EXPECT_DOUBLE_EQ(parse_share("0.25"), 0.25);
    EXPECT_THROW(parse_share("101%"), Error);
    EXPECT_THROW(parse_size("1 furlong"), Error);
}

TEST(Units, CountsAndSizesReadWell) {
    EXPECT_EQ(format_count(1234567), "1,234,567");
    EXPECT_EQ(format_count(-1000), "-1,000");
    EXPECT_EQ(format_count(999), "999");
    EXPECT_EQ(format_counted(1, "row"), "1 row");
    EXPECT_EQ(format_counted(0, "row"), "0 rows");
    EXPECT_EQ(format_counted(2000, "row"), "2,000 rows");
    EXPECT_EQ(format_size(1536), "1.5 KiB");
    EXPECT_EQ(format_duration(seconds(3720)), "1h 02m");
}

}  // namespace
}  // namespace millrace::base
