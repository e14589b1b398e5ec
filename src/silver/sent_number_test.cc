#include "silver/sent_number.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace millrace::silver {
namespace {

std::optional<double> json_double(std::string_view text) {
    const auto number = SentNumber::of_json(text);
    return number ? std::optional(number->to_double()) : std::nullopt;
}

std::optional<double> amount_double(std::string_view text) {
    const auto number = SentNumber::of_amount(text);
    return number ? std::optional(number->to_double()) : std::nullopt;
}

std::int64_t money_units(std::string_view text) {
    return static_cast<std::int64_t>(SentNumber::of_json(text)->to_money().value());
}

TEST(SentNumber, JsonNumbersAreReadToTheNearestDouble) {
    for (const char* text :
         {"0", "-0.0", "1", "12.5", "0.1", "129.99", "1e2", "1E-2", "0.30000000000000004", "1e22", "1e23",
          "123456789012345678901234567890", "9007199254740993", "1e+0000000000000000000002", "5e-324",
          "0.1000000000000000055511151231257827021181583404541015625", "1.7976931348623157e308"})
        EXPECT_EQ(json_double(text), std::strtod(text, nullptr)) << text;
}

TEST(SentNumber, OtherTextsAreNoJsonNumbers) {
    for (const char* text : {"", "-", "01", "1.", ".5", "1e", "1e+", "+1", "NaN", "Infinity", "1 ", " 1",
                             "0x1", "1e400", "-1e999", "1,5"})
        EXPECT_FALSE(SentNumber::of_json(text)) << text;
}

TEST(SentNumber, AmountsAreReadWithTheirSignsAndThousands) {
    for (const char* text :
         {"1299.00", "1299", "$1,299.00", "1.299,00 €", "1 299,00 EUR", "EUR 1 299", "usd1299", "1,299.0",
          "CHF 1'299.00", " 1299 ", "1\u00A0299,00\u00A0€", "1\u202F299,00", "R$ 1.299,00", "US$1,299.00",
          "1299,00 kr", "+1299", "1299.00 zł"})
        EXPECT_EQ(amount_double(text), 1299) << text;
    EXPECT_EQ(amount_double("12,50"), 12.5);
    EXPECT_EQ(amount_double("12,5"), 12.5);
    EXPECT_EQ(amount_double("0.299"), 0.299);
    EXPECT_EQ(amount_double("0,299"), 0.299);
    EXPECT_EQ(amount_double(".5"), 0.5);
    EXPECT_EQ(amount_double("1234.567"), 1234.567);
    EXPECT_EQ(amount_double("1,299,000"), 1'299'000);
    EXPECT_EQ(amount_double("1.299.000"), 1'299'000);
    EXPECT_EQ(amount_double("1,299,000.125"), 1'299'000.125);
    EXPECT_EQ(amount_double("-5.00"), -5);
    EXPECT_EQ(amount_double("-$5.00"), -5);
    EXPECT_EQ(amount_double("$-5.00"), -5);
    EXPECT_EQ(amount_double("1.2999"), 1.2999);
    EXPECT_EQ(amount_double("1e2"), 100);
}

TEST(SentNumber, AmountsThatMeanTwoThingsOrNoneAreRefused) {
    for (const char* text :
         {"1.299",   "1,299", "$1,299",     "12.345",    "123,456 €", "NaN",   "Infinity", "-Infinity",
          "",        " ",     "$",          "EUR",       "free",      "12 99", "1,29,9",   "1..2",
          "12,",     "1.",    "1,299.00.5", "12-50",     "1 2 3",     "0x10",  "١٢",       "12a",
          "1'29.00", "--5",   "0,299,000",  "5 EUR USD", "1.2.3"})
        EXPECT_FALSE(SentNumber::of_amount(text)) << text;
    EXPECT_FALSE(SentNumber::of_amount(std::string(50, '1')));
    EXPECT_FALSE(SentNumber::of_amount(std::string(100'000, '1')));
}

TEST(SentNumber, MoneyComesFromTheDigitsAndNotFromADouble) {
    EXPECT_EQ(money_units("10"), 100'000);
    EXPECT_EQ(money_units("0.07"), 700);
    EXPECT_EQ(money_units("-1.5"), -15'000);
    EXPECT_EQ(money_units("0.30000000000000004"), 3'000);
    EXPECT_EQ(money_units("1.00005"), 10'000);  // half to even
    EXPECT_EQ(money_units("1.00015"), 10'002);
    EXPECT_EQ(money_units("1.000050000000000000000000001"), 10'001);
    EXPECT_EQ(money_units("1e-300"), 0);
    EXPECT_EQ(money_units("99999999999999.9999"), 999'999'999'999'999'999);
    EXPECT_FALSE(SentNumber::of_json("1e16")->to_money());
}

TEST(SentNumber, ThousandthsAndWholeNumbersAreExactOrAbsent) {
    EXPECT_EQ(SentNumber::of_json("2.5")->to_thousandths(), 2500);
    EXPECT_EQ(SentNumber::of_json("0.001")->to_thousandths(), 1);
    EXPECT_EQ(SentNumber::of_json("3.0000")->to_thousandths(), 3000);
    EXPECT_FALSE(SentNumber::of_json("0.0005")->to_thousandths());
    EXPECT_FALSE(SentNumber::of_json("1e10")->to_thousandths());
    EXPECT_EQ(SentNumber::of_json("42.0")->to_whole(), 42);
    EXPECT_EQ(SentNumber::of_json("-4.2e1")->to_whole(), -42);
    EXPECT_FALSE(SentNumber::of_json("42.5")->to_whole());
    EXPECT_FALSE(SentNumber::of_json("1e30")->to_whole());
    EXPECT_FALSE(SentNumber::of_json("1e-30")->to_whole());
}

}  // namespace
}  // namespace millrace::silver
