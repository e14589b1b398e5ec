#include "silver/message/sent_time.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::silver {
namespace {

constexpr model::Timestamp noon = model::from_us(1'714'564'800'000'000);  // 2024-05-01T12:00:00Z

TEST(SentTime, Rfc3339IsReadWhole) {
    for (const char* text : {"2024-05-01T12:00:00Z", "2024-05-01T12:00:00.000Z", "2024-05-01t12:00:00z",
                             "2024-05-01 14:00:00+02:00", "2024-05-01T11:59:60Z", "2024-05-01T11:59:60.5Z",
                             "2024-05-01T12:00:00.0000000000000000001Z"})
        EXPECT_EQ(read_sent_time(text), noon) << text;
    EXPECT_EQ(read_sent_time("2024-05-01T12:00:00.123Z"), noon + std::chrono::microseconds(123'000));
    EXPECT_EQ(read_sent_time("2024-05-01T12:00:00.12345678901234Z"),
              noon + std::chrono::microseconds(123'456));
    EXPECT_EQ(read_sent_time("2016-12-31T23:59:60Z"), model::parse_timestamp("2017-01-01T00:00:00Z"));
}

TEST(SentTime, TheFormOfJavaScriptIsReadAsByTheFullParser) {
    for (const char* text : {"1969-12-31T23:59:59.999Z", "2000-02-29T00:00:00.001Z",
                             "2024-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z"})
        EXPECT_EQ(read_sent_time(text), model::parse_timestamp(text)) << text;
}

TEST(SentTime, NumbersAreToldApartByTheirSize) {
    for (const char* text : {"1714564800", "1714564800000", "1714564800000000", "1714564800000000000",
                             "1714564800.0", "1.7145648e9", "1714564800000.0"})
        EXPECT_EQ(read_sent_time(text), noon) << text;
    EXPECT_EQ(read_sent_time("1714564800.25"), noon + std::chrono::microseconds(250'000));
    EXPECT_EQ(read_sent_time("1714564800123.456789"), noon + std::chrono::microseconds(123'456));
}

TEST(SentTime, OtherTextsAreNoTimes) {
    for (const char* text : {"", "yesterday", "2024-05-01", "2024-05-01T12:00:00", "2023-02-29T12:00:00Z",
                             "2024-13-01T00:00:00.000Z", "2024-05-01T24:00:00.000Z",
                             "2024-05-01T12:60:00.000Z", "2024-05-01T12:00:61Z", "2024-05-01T12:00:00.Z",
                             "-5", "1e30", "NaN", "2024-05-01T12:00:00.123456789012", "01/05/2024"})
        EXPECT_FALSE(read_sent_time(text)) << text;
}

}  // namespace
}  // namespace millrace::silver
