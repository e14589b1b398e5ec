#include "model/timestamp.h"

#include <gtest/gtest.h>

#include <random>

#include "base/units.h"

namespace millrace::model {
namespace {

TEST(Timestamp, FormsOfOneMomentAgree) {
    const auto moment = parse_timestamp("2019-10-01T02:03:04.5Z");
    ASSERT_TRUE(moment);
    EXPECT_EQ(*moment, from_us(1569895384500000));
    EXPECT_EQ(parse_timestamp("2019-10-01T04:03:04.500+02:00"), moment);
    EXPECT_EQ(parse_timestamp("2019-09-30T21:03:04.500000-0500"), moment);
    EXPECT_EQ(parse_timestamp("2019-10-01 02:03:04.500000999z"), moment);
}

TEST(Timestamp, WhatRfc3339AllowsIsRead) {
    EXPECT_EQ(parse_timestamp("2016-12-31t23:59:60z"), parse_timestamp("2017-01-01T00:00:00Z"));
    EXPECT_EQ(parse_timestamp("2016-12-31T23:59:60.75Z"), parse_timestamp("2017-01-01T00:00:00Z"));
    EXPECT_EQ(parse_timestamp("2019-10-01T00:00:00.123456789012345Z"),
              parse_timestamp("2019-10-01T00:00:00.123456Z"));
}

TEST(Timestamp, MalformedOnesAreRefused) {
    for (const char* bad :
         {"", "2019-10-01", "2019-10-01T02:03:04", "2019-02-29T00:00:00Z", "2019-13-01T00:00:00Z",
          "2019-10-01T24:00:00Z", "2019-10-01T00:60:00Z", "2019-10-01T00:00:61Z", "2019-10-01T00:00:00.Z",
          "2019-10-01T00:00:00Z ", "2019-10-01T00:00:00+24:00", "19-10-01T00:00:00Z", "yesterday"}) {
        EXPECT_FALSE(parse_timestamp(bad)) << bad;
    }
}

TEST(Timestamp, FormattingAndParsingAreInverse) {
    std::mt19937_64 random(1);
    std::uniform_int_distribution<std::int64_t> any(base::Duration(-std::chrono::days(30LL * 365)).count(),
                                                    base::Duration(std::chrono::days(200LL * 365)).count());
    for (int i = 0; i < 20'000; ++i) {
        const Timestamp moment = from_us(any(random));
        ASSERT_EQ(parse_timestamp(format_timestamp(moment)), moment) << format_timestamp(moment);
        ASSERT_EQ(parse_day(format_day(day_of(moment))), day_of(moment));
        ASSERT_GE(hour_of(moment), 0);
        ASSERT_LT(hour_of(moment), 24);
    }
}

}  // namespace
}  // namespace millrace::model
