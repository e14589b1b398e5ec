#include "silver/decoder.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>
#include <random>

#include "bronze/record.h"
#include "silver/check.h"

namespace millrace::silver {
namespace {

using model::Event;
using model::ValidationRule;

constexpr const char* good =
    R"({"event_id":"e1","user_id":"u1","event_type":"view","timestamp":"2019-10-01T00:00:00Z","product_id":"p1","price":9.5})";

class DecoderTest : public testing::Test {
  protected:
    Verdict decode(std::string json) {
        text_ = std::move(json);
        const std::size_t size = text_.size();
        text_.append(bronze::record_padding, '\0');
        return decoder_.decode(std::string_view(text_).substr(0, size), event_);
    }
    /// Decodes the good record with `from` replaced by `to`.
    Verdict with(const std::string& from, const std::string& to) {
        std::string json = good;
        json.replace(json.find(from), from.size(), to);
        return decode(json);
    }
    ValidationRule rule_with(const std::string& from, const std::string& to) { return with(from, to).rule; }

    Decoder decoder_;
    Event event_;
    std::string text_;
};

TEST_F(DecoderTest, AWholeEventIsDecoded) {
    ASSERT_TRUE(
        decode(
            R"( { "currency":"USD", "quantity":3, "order_id":"o1","page_url":"https:\/\/x\u002fy","device_type":"mobile",
        "product_category":"caf\u00e9","session_id":"","price":1e2,"product_id":"p1","timestamp":"2019-10-01T02:00:00.25+02:00",
        "event_type":"purchase","user_id":"u1","event\u005fid":"e1"} )")
            .ok());
    EXPECT_EQ(event_.event_id, "e1");
    EXPECT_EQ(event_.user_id, "u1");
    EXPECT_EQ(event_.event_type, "purchase");
    EXPECT_EQ(event_.timestamp, model::from_us(1569888000250000));
    EXPECT_EQ(event_.page_url, "https://x/y");
    EXPECT_EQ(event_.product_category, "caf\xC3\xA9");
    EXPECT_EQ(event_.session_id, "");
    EXPECT_EQ(event_.price, 100);
    EXPECT_EQ(event_.quantity, 3);
    EXPECT_EQ(event_.order_id, "o1");
    EXPECT_EQ(event_.currency, "USD");
}

TEST_F(DecoderTest, NullAndAbsentFieldsAreTheSame) {
    ASSERT_TRUE(decode(good).ok());
    EXPECT_FALSE(event_.session_id);
    EXPECT_EQ(event_.quantity, 1);
    ASSERT_TRUE(with("\"price\":9.5", "\"price\":null,\"session_id\":null,\"quantity\":null").ok());
    EXPECT_FALSE(event_.price);
    EXPECT_EQ(rule_with("\"u1\"", "null"), ValidationRule::missing_field);
}

TEST_F(DecoderTest, IdsThatAreNumbersAndAmountsThatAreTextsAreRead) {
    ASSERT_TRUE(with("\"u1\"", "42.0").ok());
    EXPECT_EQ(event_.user_id, "42");
    ASSERT_TRUE(with("\"p1\"", "1004856").ok());
    EXPECT_EQ(event_.product_id, "1004856");
    ASSERT_TRUE(with("9.5", "\" $1,299.00 \"").ok());
    EXPECT_EQ(event_.price, 1299);
    ASSERT_TRUE(with("}", ",\"quantity\":\"3\"}").ok());
    EXPECT_EQ(event_.quantity, 3);
}

TEST_F(DecoderTest, DetailsHaveTheirColumns) {
    ASSERT_TRUE(with("}",
                     R"(,"anonymous_id":"a1","product_name":"Coat","brand":"B","coupon":"C","discount":0.5,)"
                     R"("utm_source":"s","utm_medium":"m","utm_campaign":"k"})")
                    .ok());
    EXPECT_EQ(event_.user_id, "u1");
    EXPECT_EQ(event_.details.anonymous_id, "a1");
    EXPECT_EQ(event_.details.product_name, "Coat");
    EXPECT_EQ(event_.details.brand, "B");
    EXPECT_EQ(event_.details.coupon, "C");
    EXPECT_EQ(event_.details.discount, 0.5);
    EXPECT_EQ(event_.details.utm_source, "s");
    EXPECT_EQ(event_.details.utm_medium, "m");
    EXPECT_EQ(event_.details.utm_campaign, "k");
    EXPECT_FALSE(event_.details.properties);
}

TEST_F(DecoderTest, AmountsOfTheOrderAreExact) {
    ASSERT_TRUE(
        with("}", R"(,"line_number":2,"order_total":"$1,299.00","order_discount":0.1,"order_shipping":4.90,)"
                  R"("order_tax":null})")
            .ok());
    EXPECT_EQ(event_.details.line_number, 2);
    EXPECT_EQ(event_.details.order_total, model::Money{12'990'000});
    EXPECT_EQ(event_.details.order_discount, model::Money{1'000});
    EXPECT_EQ(event_.details.order_shipping, model::Money{49'000});
    EXPECT_FALSE(event_.details.order_tax);
    ASSERT_TRUE(with("}", R"(,"line_number":1.5,"order_tax":[]})").ok());
    EXPECT_FALSE(event_.details.line_number);
    EXPECT_EQ(event_.details.properties, R"({"line_number":1.5,"order_tax":[]})");
}

TEST_F(DecoderTest, AVisitorWithoutAnAccountIsTheUser) {
    ASSERT_TRUE(with("\"user_id\":\"u1\"", R"("user_id":"","anonymous_id":"a1")").ok());
    EXPECT_EQ(event_.user_id, "a1");
    ASSERT_TRUE(with("\"user_id\":\"u1\"", R"("anonymous_id":"a1")").ok());
    EXPECT_EQ(event_.user_id, "a1");
    EXPECT_EQ(rule_with("\"user_id\":\"u1\"", R"("anonymous_id":"")"), ValidationRule::missing_field);
}

TEST_F(DecoderTest, ATotalAndADecimalQuantityAreExact) {
    ASSERT_TRUE(with("\"price\":9.5", R"("line_total":10.00,"quantity":3)").ok());
    EXPECT_EQ(event_.details.line_total, model::Money{100'000});
    EXPECT_DOUBLE_EQ(*event_.price, 10.0 / 3);
    ASSERT_TRUE(with("}", ",\"quantity\":1.505}").ok());
    EXPECT_EQ(event_.quantity, 0);
    EXPECT_EQ(event_.details.quantity_thousandths, 1505);
}

TEST_F(DecoderTest, AnOddOptionalFieldIsKeptAndRefusesNothing) {
    ASSERT_TRUE(
        with("}", R"(,"session_id": {"a":1} ,"referrer":false,"page_url":"a\u0000b","discount":"much"})")
            .ok());
    EXPECT_FALSE(event_.session_id);
    EXPECT_FALSE(event_.referrer);
    EXPECT_FALSE(event_.page_url);
    EXPECT_EQ(event_.details.properties,
              R"({"session_id": {"a":1},"referrer":false,"page_url":"a\u0000b","discount":"much"})");
    EXPECT_EQ(decoder_.unknown_fields(), 4);
    ASSERT_TRUE(
        decode(
            R"({"user_id":"u","event_type":"page_view","timestamp":"2019-10-01T00:00:00Z","product_id":[1]})")
            .ok())
        << "a page view needs no product";
}

TEST_F(DecoderTest, BadSyntaxIsFoundAnywhere) {
    for (const char* tail : {",\"x\":tru}",
                             ",\"x\":01}",
                             ",\"x\":1.}",
                             ",\"x\":[1,2}",
                             ",\"x\":{\"a\" 1}}",
                             ",\"x\":\"\\q\"}",
                             ",\"x\":\"\\ud800\"}",
                             ",\"x\":nul}",
                             ",\"x\":+1}",
                             ",\"x\":'a'}",
                             ",}",
                             ",\"x\"}",
                             "",
                             "}}",
                             "} x",
                             "},",
                             "}{}",
                             ",\"x\":1e400}",
                             ",\"x\":[1,]}",
                             ",\"x\":\"a\nb\"}",
                             ",\"\\ud800\":1}",
                             ",\"x\":{\"a\":1,}}",
                             ",\"x\":-}",
                             ",\"x\":nulll}",
                             ",\"x\":truex}"}) {
        std::string json = good;
        json.pop_back();
        EXPECT_EQ(decode(json + tail).rule, ValidationRule::bad_json) << tail;
    }
}

TEST_F(DecoderTest, ARecordCutAtAnyByteIsNeverAccepted) {
    const std::string json = good;
    for (std::size_t size = 0; size < json.size(); ++size)
        EXPECT_FALSE(decode(json.substr(0, size)).ok()) << size;
}

TEST_F(DecoderTest, HostileRecordsGetTheirRule) {
    EXPECT_EQ(decode("").rule, ValidationRule::empty_record);
    EXPECT_EQ(decode(" \n").rule, ValidationRule::empty_record);
    EXPECT_EQ(decode("\xEF\xBB\xBF" + std::string(good)).rule, ValidationRule::byte_order_mark);
    EXPECT_EQ(decode("[]").rule, ValidationRule::not_an_object);
    EXPECT_EQ(decode("7").rule, ValidationRule::not_an_object);
    EXPECT_EQ(decode("\"text\"").rule, ValidationRule::not_an_object);
    EXPECT_EQ(rule_with("\"p1\"", "\"\xC3\x28\""), ValidationRule::not_utf8);
    EXPECT_EQ(rule_with("}", ",\"x\":\"\xFF\"}"), ValidationRule::not_utf8);
    EXPECT_EQ(rule_with("\"p1\"", "\"a\\u0000b\""), ValidationRule::nul_character);
    EXPECT_EQ(rule_with("\"p1\"", "\"" + std::string(70'000, 'x') + "\""), ValidationRule::field_too_long);
    EXPECT_EQ(rule_with("\"p1\"", "\"" + std::string(10'000'000, 'x') + "\""),
              ValidationRule::field_too_long);
    EXPECT_EQ(rule_with("}", ",\"price\":1}"), ValidationRule::duplicate_key);
    EXPECT_EQ(rule_with("}", ",\"x\":1,\"x\":2}"), ValidationRule::none)
        << "a field that the format does not define may occur twice";
    EXPECT_EQ(rule_with("9.5", "1e400"), ValidationRule::bad_json);
    EXPECT_EQ(rule_with("9.5", "\"cheap\""), ValidationRule::wrong_type);
    EXPECT_EQ(rule_with("9.5", "\"1.299\""), ValidationRule::wrong_type) << "it can mean two amounts";
    EXPECT_EQ(rule_with("9.5", "\"NaN\""), ValidationRule::wrong_type);
    EXPECT_EQ(rule_with("\"u1\"", "true"), ValidationRule::wrong_type);
    EXPECT_EQ(rule_with("\"p1\"", "[1]"), ValidationRule::wrong_type);
    EXPECT_EQ(rule_with("\"u1\"", "\"\""), ValidationRule::empty_field);
    EXPECT_EQ(rule_with("2019-10-01T00", "2019-13-01T00"), ValidationRule::bad_timestamp);
    EXPECT_EQ(rule_with("}", ",\"quantity\":0}"), ValidationRule::bad_quantity);
    EXPECT_EQ(rule_with("}", ",\"quantity\":1.0005}"), ValidationRule::bad_quantity);
    EXPECT_EQ(rule_with("}", ",\"quantity\":1000001}"), ValidationRule::bad_quantity);
    EXPECT_EQ(rule_with("}", ",\"x\":" + std::string(60, '[') + std::string(60, ']') + "}"),
              ValidationRule::none);
    EXPECT_EQ(rule_with("}", ",\"x\":" + std::string(500, '[') + std::string(500, ']') + "}"),
              ValidationRule::nested_too_deep);
    EXPECT_EQ(rule_with("}", ",\"x\":" + std::string(100'000, '[') + "}"), ValidationRule::nested_too_deep);
    EXPECT_EQ(rule_with("}", ",\"x\":123456789012345678901234567890}"), ValidationRule::none);
}

TEST_F(DecoderTest, NumbersOfAnyLengthAreRead) {
    const std::string zeros(40, '0');
    const std::string nines(30, '9');
    const std::vector<std::pair<std::string, double>> numbers = {
        {"1e+" + zeros + "2", 100},
        {"25E-" + zeros + "1", 2.5},
        {"3e" + zeros, 3},
        {"3.5e" + zeros + " ", 3.5},
        {"1e-" + nines, 0},
        {"0e" + nines, 0},
        {"0.0e+" + nines, 0},
        {"0." + zeros + "5e41", 5},
        {"1" + zeros + zeros + "e-80", 1},
        {"7." + std::string(5'000, '0') + "e" + zeros + "1", 70},
        {"1" + std::string(400, '0') + "e-" + zeros + "400", 1}};
    for (const auto& [number, price] : numbers) {
        ASSERT_TRUE(with("9.5", number).ok()) << number;
        EXPECT_EQ(event_.price, price) << number;
        ASSERT_TRUE(with("}", ",\"x\":[{\"y\":" + number + "}," + number + "]}").ok()) << number;
        EXPECT_EQ(event_.price, 9.5);
    }
    for (const std::string& number :
         {"1e" + nines, "1" + std::string(400, '0'), "1e" + zeros + "309", "1e" + zeros + "x", "01e" + zeros,
          "1.e" + zeros, "e" + zeros, "1e+-" + zeros, "1e" + zeros + ".5", "-e" + zeros,
          "1e" + zeros + "e1"}) {
        EXPECT_EQ(rule_with("9.5", number), ValidationRule::bad_json) << number;
        EXPECT_EQ(rule_with("}", ",\"x\":[" + number + "]}"), ValidationRule::bad_json) << number;
    }
}

TEST_F(DecoderTest, NumbersHaveTheValueThatTheStandardLibraryGivesThem) {
    std::mt19937_64 random(23);
    const auto digits = [&](std::size_t most) {
        std::string text;
        for (std::size_t n = 1 + random() % most; n > 0; --n) text += static_cast<char>('0' + random() % 10);
        return text;
    };
    for (int i = 0; i < 20'000; ++i) {
        std::string number = random() % 4 == 0 ? "0" : std::to_string(1 + random() % 9) + digits(40);
        if (random() % 2 == 0) number += "." + digits(i % 100 == 0 ? 900 : 30);
        if (random() % 2 == 0)
            number += std::string(random() % 2 == 0 ? "e-" : "E+") + std::string(random() % 30, '0') +
                      std::to_string(random() % 330);
        const double expected = std::strtod(number.c_str(), nullptr);
        const ValidationRule rule = with("9.5", number).rule;
        ASSERT_EQ(rule, std::isfinite(expected) ? ValidationRule::none : ValidationRule::bad_json) << number;
        if (rule == ValidationRule::none) {
            ASSERT_EQ(event_.price, expected) << number;
        }
    }
}

TEST_F(DecoderTest, BadSyntaxOutranksOtherFaults) {
    EXPECT_EQ(with("\"u1\"", "true").field, "user_id");
    std::string json = good;
    json.replace(json.find("\"u1\""), 4, "true");
    json.pop_back();
    EXPECT_EQ(decode(json).rule, ValidationRule::bad_json);
}

TEST_F(DecoderTest, UnknownFieldsAreCounted) {
    decode(good);
    EXPECT_EQ(decoder_.unknown_fields(), 0);
    with("}", ",\"x\":1,\"y\":{\"z\":2}}");
    EXPECT_EQ(decoder_.unknown_fields(), 2);
}

// An independent parser must agree on which records are valid JSON.
TEST_F(DecoderTest, AgreesWithBoostJsonOnDamagedRecords) {
    std::mt19937_64 random(11);
    const std::string base =
        R"({"event_id":"e1","user_id":"u1","event_type":"view","timestamp":"2019-10-01T00:00:00Z",)"
        R"("product_id":"p\u00e91","price":9.5,"extra":{"a":[1,2.5e3,true,null,"\n"],"b":""}})";
    int accepted = 0;
    for (int i = 0; i < 60'000; ++i) {
        std::string json = base;
        for (auto n = 1 + random() % 2; n > 0; --n) {
            const std::string_view alphabet = "{}[]\",:\\0123456789eE.+-tfnul \x01\xC3\xA9";
            const char c = alphabet[random() % alphabet.size()];
            const std::size_t at = random() % json.size();
            if (random() % 3 == 0)
                json.erase(at, 1);
            else if (random() % 2 == 0)
                json.insert(at, 1, c);
            else
                json[at] = c;
        }
        boost::system::error_code error;
        const auto value = boost::json::parse(json, error);
        const ValidationRule rule = decode(json).rule;
        // The first byte decides, so the rest need not be JSON.
        if (rule == ValidationRule::not_an_object) continue;
        const bool no_json = rule == ValidationRule::bad_json || rule == ValidationRule::not_utf8 ||
                             rule == ValidationRule::empty_record;
        // Boost accepts numbers beyond the range of a double, and the decoder refuses them.
        const bool out_of_range =
            !error && no_json && boost::json::serialize(value).find("1e+99999") != std::string::npos;
        if (no_json != static_cast<bool>(error) && !out_of_range) {
            const bool huge_exponent = json.find_first_of("eE") != std::string::npos && no_json && !error;
            EXPECT_TRUE(huge_exponent) << json << " " << model::rule_name(rule) << " " << error.message();
        }
        accepted += rule == ValidationRule::none ? 1 : 0;
    }
    EXPECT_GT(accepted, 5000);
}

class CheckTest : public DecoderTest {
  protected:
    static constexpr base::WallTime log_time = base::from_ms(1569888000000 + 3600'000);
    Verdict check(const std::string& from, const std::string& to) {
        EXPECT_TRUE(with(from, to).ok());
        return checker_.check(event_, log_time);
    }
    model::RuleOptions options_{.max_event_types = 2};
    EventTypes types_{2};
    Checker checker_{options_, types_};
};

TEST_F(CheckTest, PricesOfKnownTypes) {
    EXPECT_EQ(check("9.5", "0").rule, ValidationRule::bad_price);
    EXPECT_EQ(check("9.5", "-1").rule, ValidationRule::bad_price);
    EXPECT_EQ(check("9.5", "1000000000").rule, ValidationRule::none);
    EXPECT_EQ(check("9.5", "1000000000.5").rule, ValidationRule::bad_price);
    EXPECT_EQ(check("\"p1\"", "\"\"").rule, ValidationRule::empty_field);
    EXPECT_EQ(check("\"view\",\"timestamp\":\"2019-10-01T00:00:00Z\",\"product_id\":\"p1\",\"price\":9.5",
                    "\"page_view\",\"timestamp\":\"2019-10-01T00:00:00Z\"")
                  .rule,
              ValidationRule::none);
}

TEST_F(CheckTest, APurchaseNeedsAPriceAndAViewOnlyWhereTheShopWantsIt) {
    const auto without_price = [&](std::string_view type) {
        EXPECT_TRUE(with("9.5", "null").ok());
        event_.event_type = type;
        return checker_.check(event_, log_time).rule;
    };
    EXPECT_EQ(without_price("view"), ValidationRule::none);
    EXPECT_EQ(without_price("add_to_cart"), ValidationRule::none);
    EXPECT_EQ(without_price("purchase"), ValidationRule::missing_field);
    EXPECT_EQ(without_price("refund"), ValidationRule::missing_field);
    options_.require_price = model::PriceRequirement::all;
    EXPECT_EQ(without_price("view"), ValidationRule::missing_field);
}

TEST_F(CheckTest, AFreeItemIsTakenWhereTheShopAcceptsIt) {
    options_.accept_free_items = true;
    EXPECT_EQ(check("9.5", "0").rule, ValidationRule::none);
    EXPECT_EQ(check("9.5", "-1").rule, ValidationRule::bad_price);
}

TEST_F(CheckTest, TimesTooEarlyOrTooFarAhead) {
    EXPECT_EQ(check("2019-10-01", "1999-12-31").rule, ValidationRule::timestamp_too_early);
    EXPECT_EQ(check("2019-10-01", "2000-01-01").rule, ValidationRule::none);
    EXPECT_EQ(check("2019-10-01T00", "2019-10-02T01").rule, ValidationRule::none)
        << "24 h after the log time";
    EXPECT_EQ(check("2019-10-01T00:00:00Z", "2019-10-02T01:00:00.000001Z").rule,
              ValidationRule::timestamp_in_future);
}

TEST_F(CheckTest, AnEventTypeHasOneFormInEachScript) {
    EXPECT_EQ(check("\"view\"", "\"cafe\u0301\"").rule, ValidationRule::none);
    EXPECT_EQ(event_.event_type, "caf\u00e9");
    EXPECT_EQ(check("\"view\"", "\"caf\u00e9\"").rule, ValidationRule::none);
    EXPECT_EQ(check("\"view\"", "\"b\"").rule, ValidationRule::none) << "the two are one of the two types";
}

TEST_F(CheckTest, EventTypesThatCouldNotBeADirectory) {
    for (const char* bad : {"../../etc", "a b", "", "__HIVE_DEFAULT_PARTITION__", "🛒"}) {
        EXPECT_EQ(check("\"view\"", '"' + std::string(bad) + '"').rule, ValidationRule::bad_event_type)
            << bad;
    }
    EXPECT_EQ(check("\"view\"", '"' + std::string(65, 'x') + '"').rule, ValidationRule::bad_event_type);
    EXPECT_EQ(check("\"view\"", "\"a\"").rule, ValidationRule::none);
    EXPECT_EQ(check("\"view\"", "\"b\"").rule, ValidationRule::none);
    EXPECT_EQ(check("\"view\"", "\"c\"").rule, ValidationRule::too_many_event_types);
    EXPECT_EQ(check("\"view\"", "\"a\"").rule, ValidationRule::none);
    EXPECT_EQ(check("\"view\"", "\"refund\"").rule, ValidationRule::none) << "known types are not counted";
}

TEST_F(CheckTest, Currencies) {
    check("9.5", "9.5");
    EXPECT_EQ(event_.currency, "EUR");
    EXPECT_EQ(check("}", ",\"currency\":\"JPY\"}").rule, ValidationRule::none);
    EXPECT_EQ(check("}", ",\"currency\":\"jpy\"}").rule, ValidationRule::none);
    EXPECT_EQ(event_.currency, "JPY");
    EXPECT_EQ(check("}", ",\"currency\":\"XYZ\"}").rule, ValidationRule::bad_currency);
    EXPECT_EQ(check("}", ",\"currency\":\"EDA\"}").rule, ValidationRule::bad_currency)
        << "the letters span two adjacent codes of the list";
}

}  // namespace
}  // namespace millrace::silver
