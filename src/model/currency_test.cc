#include "model/currency.h"

#include <gtest/gtest.h>

namespace millrace::model {
namespace {

Timestamp moment(const char* time) {
    return *parse_timestamp(time);
}

TEST(Currency, CodesInUsePassInAnyCase) {
    for (const char* code : {"EUR", "eur", "USD", "usd", "JPY", "jpy", "Zmw"})
        EXPECT_TRUE(currency_at(code, moment("2026-01-01T00:00:00Z"))) << code;
    EXPECT_EQ(currency_at("chf", moment("2026-01-01T00:00:00Z")), "CHF");
    EXPECT_TRUE(is_currency("JPY"));
    EXPECT_FALSE(is_currency("jpy"));
}

TEST(Currency, OthersDoNot) {
    for (const char* code : {"", "EU", "EURO", "XYZ", "€", "978", "A\0D"})
        EXPECT_FALSE(currency_at(code, moment("2026-01-01T00:00:00Z"))) << code;
    EXPECT_FALSE(is_currency("SDA")) << "three letters across two codes";
}

TEST(Currency, ACodeThatWasWithdrawnPassesForEventsOfItsTime) {
    EXPECT_EQ(currency_at("hrk", moment("2022-12-31T23:00:00Z")), "HRK");
    EXPECT_FALSE(currency_at("HRK", moment("2023-06-01T00:00:00Z")));
    EXPECT_EQ(currency_at("LTL", moment("2014-12-31T00:00:00Z")), "LTL");
    EXPECT_FALSE(is_currency("LTL")) << "no shop has it now";
}

}  // namespace
}  // namespace millrace::model
