#include "base/units.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <random>

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
    EXPECT_EQ(parse_duration("1h 30m"), std::chrono::minutes(90));
    EXPECT_EQ(parse_duration("1d 00h"), hours(24));
    EXPECT_EQ(parse_duration("20 s"), seconds(20));
}

TEST(Units, ADurationThatIsShownCanBeTyped) {
    std::mt19937_64 random(1);
    constexpr std::array<std::int64_t, 6> units = {1,          1000,          1'000'000,
                                                   60'000'000, 3'600'000'000, 86'400'000'000};
    for (int i = 0; i < 10'000; ++i) {
        const Duration whole(static_cast<std::int64_t>(random() % 1000) * units.at(random() % units.size()));
        EXPECT_EQ(parse_duration(format_duration(whole)), whole) << format_duration(whole);
        const Duration any(static_cast<std::int64_t>(random() % 100'000'000'000'000));
        const Duration shown = parse_duration(format_duration(any));
        EXPECT_LE(shown, any);
        EXPECT_EQ(format_duration(shown), format_duration(any));
    }
    EXPECT_EQ(format_duration(Duration(0)), "0s");
    EXPECT_EQ(format_duration(hours(24)), "1d");
}

TEST(Units, BadDurationsAreRefusedWithTheForm) {
    for (const char* bad : {"", "s", "-1s", "5", "5 parsecs", "nan", "1e30h", "20s20s", "1m 1h", "1h 1"}) {
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
    EXPECT_EQ(format_duration(seconds(3720)), "1h 2m");
}

}  // namespace
}  // namespace millrace::base
