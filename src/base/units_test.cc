#include "base/units.h"

#include <gtest/gtest.h>

#include <cmath>
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
    EXPECT_EQ(parse_duration("1h30m"), std::chrono::minutes(90));
    EXPECT_EQ(parse_duration("1d 02h"), hours(26));
    EXPECT_EQ(parse_duration("1d 00h"), hours(24));
    EXPECT_EQ(parse_duration("20 s"), seconds(20));
    EXPECT_EQ(parse_duration("1 m 30.5 s"), milliseconds(90'500));
}

TEST(Units, BadDurationsAreRefusedWithTheForm) {
    for (const char* bad : {"", "s", "-1s", "5", "5 parsecs", "nan", "1e30h", "20s20s", "30m1h", "1h5", "1h0",
                            "1m-5s", "9e18us9e17us", "1h 5 parsecs", "1m 1h", "1h 1"}) {
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
    EXPECT_DOUBLE_EQ(parse_share("0.5 % "), 0.005);
    EXPECT_THROW(parse_share("101%"), Error);
    EXPECT_THROW(parse_share("5%%"), Error);
    EXPECT_THROW(parse_share("5% 5"), Error);
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
}

TEST(Units, DurationsAreShownInTheFormThatIsTyped) {
    EXPECT_EQ(format_duration(hours(24)), "1d");
    EXPECT_EQ(format_duration(seconds(60)), "1m");
    EXPECT_EQ(format_duration(seconds(0)), "0s");
    EXPECT_EQ(format_duration(seconds(3720)), "1h2m");
    EXPECT_EQ(format_duration(milliseconds(90'500)), "1m30.5s");
    EXPECT_EQ(format_duration(milliseconds(250)), "250ms");
    EXPECT_EQ(format_duration(Duration(1500)), "1.5ms");
    EXPECT_EQ(format_duration(Duration(7)), "7us");
}

TEST(Units, SizesAndSharesAreShownInTheFormThatIsTyped) {
    EXPECT_EQ(exact_size(256LL << 20), "256MiB");
    EXPECT_EQ(exact_size(1LL << 30), "1GiB");
    EXPECT_EQ(exact_size(20'000), "20000");
    EXPECT_EQ(exact_size(0), "0");
    EXPECT_EQ(format_share(0.005), "0.5%");
    EXPECT_EQ(format_share(0.07), "7%");
    EXPECT_EQ(format_share(0), "0%");
    EXPECT_EQ(format_share(1), "100%");
}

TEST(Units, WhatIsShownIsReadBackAsTheSame) {
    constexpr std::int64_t century = 36'525LL * 86'400 * 1'000'000;
    std::mt19937_64 random(5);
    for (int i = 0; i < 20'000; ++i) {
        const std::int64_t bound = century >> (random() % 50);  // the bounds cover all magnitudes
        const Duration duration(static_cast<std::int64_t>(random() >> 1U) % bound);
        const Duration tens(duration.count() / 1'000'000 * 1'000'000);
        for (const Duration each : {duration, tens, duration % hours(1), duration - duration % hours(24)})
            EXPECT_EQ(parse_duration(format_duration(each)), each) << format_duration(each);

        const std::int64_t size = duration.count();
        EXPECT_EQ(parse_size(exact_size(size)), size) << exact_size(size);
        EXPECT_EQ(parse_size(exact_size(size << 10)), size << 10) << exact_size(size << 10);
        EXPECT_EQ(format_size(parse_size(format_size(size))), format_size(size));

        const double share = std::ldexp(static_cast<double>(random() >> 11U), -53);
        EXPECT_EQ(parse_share(format_share(share)), share) << format_share(share);
        const double round_share = static_cast<double>(random() % 1001) / 1000;
        EXPECT_EQ(parse_share(format_share(round_share)), round_share) << format_share(round_share);
    }
}

}  // namespace
}  // namespace millrace::base
