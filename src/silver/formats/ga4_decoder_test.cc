#include "silver/formats/ga4_decoder.h"

#include <gtest/gtest.h>

#include "silver/message/message_id.h"
#include "silver/message/test_message.h"

namespace millrace::silver {
namespace {

using model::Event;
using model::ValidationRule;

class Ga4DecoderTest : public testing::Test {
  protected:
    Ga4DecoderTest() {
        origin_.source = "web";
        origin_.shared = R"({"client_id":"c.1","timestamp_micros":"1714564800000000","api_secret":"secret"})";
    }
    const std::vector<Item>& decode(std::string_view text) {
        sent_ = std::make_unique<TestMessage>(text);
        sent_->message.origin = origin_;
        decoder_.decode(sent_->message, items_);
        return items_;
    }
    const Event& event(std::string_view text) {
        decode(text);
        EXPECT_EQ(items_.size(), 1U) << text;
        EXPECT_TRUE(items_.at(0).verdict.ok()) << text << " " << rule_name(items_.at(0).verdict.rule);
        return items_.at(0).event;
    }

    bronze::Origin origin_;
    Ga4Decoder decoder_;
    std::vector<Item> items_;
    std::unique_ptr<TestMessage> sent_;
};

TEST_F(Ga4DecoderTest, EachItemIsAnEvent) {
    decode(
        R"({"name":"view_item","params":{"currency":"eur","session_id":77,"page_location":"https://shop/p?utm_source=x","page_referrer":"https://search/","list":"l",
        "items":[{"item_id":"p1","item_name":"Chess","item_brand":"Ravens","item_category":"toys","price":9.5,"quantity":2,"index":0},{"item_id":5.0,"price":"1","coupon":"C"}]}})");
    ASSERT_EQ(items_.size(), 2U);
    const Event& first = items_[0].event;
    EXPECT_EQ(first.event_type, "view");
    EXPECT_EQ(first.user_id, "c.1");
    EXPECT_EQ(first.details.anonymous_id, "c.1");
    EXPECT_EQ(first.timestamp, model::from_us(1'714'564'800'000'000));
    EXPECT_EQ(first.currency, "EUR");
    EXPECT_EQ(first.session_id, "77");
    EXPECT_EQ(first.details.utm_source, "x");
    EXPECT_EQ(first.product_id, "p1");
    EXPECT_EQ(first.details.product_name, "Chess");
    EXPECT_EQ(first.details.brand, "Ravens");
    EXPECT_EQ(first.product_category, "toys");
    EXPECT_EQ(first.price, 9.5);
    EXPECT_EQ(first.quantity, 2);
    EXPECT_EQ(first.details.properties, R"({"index":0,"list":"l"})");
    EXPECT_EQ(items_[1].event.product_id, "5");
    EXPECT_EQ(items_[1].event.details.coupon, "C");
    EXPECT_NE(items_[1].event.event_id, first.event_id);
}

TEST_F(Ga4DecoderTest, AValueIsOfAllPieces) {
    const Event& bought = event(
        R"({"name":"purchase","params":{"transaction_id":"T1","value":30,"items":[{"item_id":"p","quantity":3}]}})");
    EXPECT_EQ(bought.price, 10);
    EXPECT_EQ(bought.quantity, 3);
    EXPECT_TRUE(bought.details.line_total == model::Money{300'000});
    decode(
        R"({"name":"purchase","params":{"value":30,"items":[{"item_id":"p"},{"item_id":"q","price":3}]}})");
    EXPECT_FALSE(items_[0].event.price);
    EXPECT_FALSE(items_[1].event.details.line_total);
    EXPECT_TRUE(items_[1].event.details.order_total == model::Money{300'000});
}

TEST_F(Ga4DecoderTest, ALineHasItsNumberAmongThoseOfItsProductAndTheAmountsOfItsOrder) {
    decode(
        R"({"name":"purchase","params":{"transaction_id":"T1","value":30,"shipping":"4.90","tax":2,"items":[
        {"item_id":"p","price":1},{"item_id":"q","price":1},{"item_id":"p","price":2}]}})");
    ASSERT_EQ(items_.size(), 3U);
    EXPECT_EQ(items_[0].event.details.line_number, 1);
    EXPECT_EQ(items_[1].event.details.line_number, 1);
    EXPECT_EQ(items_[2].event.details.line_number, 2);
    EXPECT_TRUE(items_[2].event.details.order_shipping == model::Money{49'000});
    EXPECT_TRUE(items_[2].event.details.order_tax == model::Money{20'000});
    EXPECT_FALSE(items_[2].event.details.properties);
    EXPECT_FALSE(event(R"({"name":"add_to_cart","params":{"value":3,"tax":2,"items":[{"item_id":"p"}]}})")
                     .details.line_number);
    EXPECT_EQ(items_[0].event.details.properties, R"({"tax":2})");
}

TEST_F(Ga4DecoderTest, APurchaseKeepsItsIdAndNoOtherSenderCanClaimIt) {
    constexpr const char* purchase =
        R"({"name":"purchase","params":{"transaction_id":"T1","items":[{"item_id":"p","price":1},{"item_id":"q","price":1}]}})";
    const std::string id(decode(purchase)[0].event.event_id);
    TextArena arena;
    EXPECT_EQ(id, "ga4:purchase:T1#0@" + std::string(hashed_id({"web", "c.1", "T1"}, arena).substr(0, 16)));
    EXPECT_EQ(decode(purchase)[0].event.event_id, id);
    EXPECT_NE(decode(purchase)[1].event.event_id, id);
    origin_.source = "server";
    EXPECT_NE(decode(purchase)[0].event.event_id, id);
}

TEST_F(Ga4DecoderTest, AnOrderWithoutItemsIsOneEventOfItsValue) {
    const Event& bought = event(
        R"({"name":"purchase","params":{"transaction_id":"T1","value":"30.00","currency":"USD","tax":2}})");
    EXPECT_EQ(bought.product_id, "order:T1");
    EXPECT_EQ(bought.price, 30);
    EXPECT_TRUE(bought.details.line_total == model::Money{300'000});
    EXPECT_TRUE(bought.details.order_tax == model::Money{20'000});
    EXPECT_EQ(bought.details.line_number, 1);
    EXPECT_FALSE(bought.details.properties);
    EXPECT_TRUE(bought.event_id.starts_with("ga4:purchase:T1#0@"));
    const Event& refunded =
        event(R"({"name":"refund","params":{"transaction_id":"T1","value":30,"items":[]}})");
    EXPECT_EQ(refunded.price, 30);
    EXPECT_FALSE(refunded.event_id.starts_with("ga4:"));
}

TEST_F(Ga4DecoderTest, APlaceholderIsNoId) {
    for (const char* id : {"\"\"", "\"undefined\"", "\"null\"", "\"(not set)\"", "null"}) {
        const Event& bought =
            event(R"({"name":"purchase","user_id":"undefined","params":{"value":30,"transaction_id":)" +
                  std::string(id) + "}}");
        EXPECT_FALSE(bought.order_id) << id;
        EXPECT_EQ(bought.user_id, "c.1");
        EXPECT_EQ(bought.product_id, "order:" + std::string(bought.event_id));
    }
}

TEST_F(Ga4DecoderTest, AnAppsVisitorIsItsInstance) {
    origin_.shared = R"({"app_instance_id":"app1","user_id":"u1"})";
    const Event& opened = event(R"({"name":"screen_view","params":{"firebase_screen":"Home"}})");
    EXPECT_EQ(opened.user_id, "u1");
    EXPECT_EQ(opened.details.anonymous_id, "app1");
    EXPECT_EQ(opened.timestamp, model::from_us(1'714'564'800'000'000));
    origin_.shared = R"({"app_instance_id":"app1"})";
    EXPECT_EQ(event(R"({"name":"x"})").user_id, "app1");
    origin_.shared = {};
    EXPECT_EQ(decode(R"({"name":"x"})")[0].verdict.rule, ValidationRule::missing_field);
}

TEST_F(Ga4DecoderTest, WhatTheRequestSaysIsKept) {
    origin_.shared =
        R"({"client_id":"c","user_agent":"UA","device":{"category":"tablet","language":"en"},"api_secret":"secret","measurement_id":"G-1"})";
    const Event& viewed = event(R"({"name":"page_view","timestamp_micros":1714564801000000,"params":{}})");
    EXPECT_EQ(viewed.user_agent, "UA");
    EXPECT_EQ(viewed.device_type, "tablet");
    EXPECT_EQ(viewed.timestamp, model::from_us(1'714'564'801'000'000));
    EXPECT_EQ(viewed.details.properties, R"({"batch":{"device":{"language":"en"},"measurement_id":"G-1"}})");
}

TEST_F(Ga4DecoderTest, AHitOfGtagIsDecoded) {
    origin_.path = "/g/collect";
    origin_.shared = {};
    const Event& bought = event(
        "v=2&tid=G-1&cid=c.2&uid=u2&sid=99&en=purchase&dl=https%3A%2F%2Fshop%2F%3Futm_medium%3Demail&dr="
        "https%3A%2F%2Fsearch%2F&dt=My+shop&cu=EUR"
        "&ep.transaction_id=T9&epn.value=25.5&ep.note=a%22b&up.tier=gold&_et=12&pr1=idSKU%201~nmMug~brAcme~"
        "caHome~va~pr1.299~qt2~cpX~k0color&en=ignored");
    EXPECT_EQ(bought.event_type, "purchase");
    EXPECT_EQ(bought.user_id, "u2");
    EXPECT_EQ(bought.details.anonymous_id, "c.2");
    EXPECT_EQ(bought.session_id, "99");
    EXPECT_EQ(bought.page_url, "https://shop/?utm_medium=email");
    EXPECT_EQ(bought.details.utm_medium, "email");
    EXPECT_EQ(bought.referrer, "https://search/");
    EXPECT_EQ(bought.currency, "EUR");
    EXPECT_EQ(bought.order_id, "T9");
    EXPECT_EQ(bought.product_id, "SKU 1");
    EXPECT_EQ(bought.details.product_name, "Mug");
    EXPECT_EQ(bought.price, 1.299);
    EXPECT_EQ(bought.quantity, 2);
    EXPECT_EQ(bought.details.coupon, "X");
    EXPECT_TRUE(bought.details.line_total == model::Money{255'000});
    EXPECT_EQ(
        bought.details.properties,
        R"({"item_variant":"","k0":"color","page_title":"My shop","note":"a\"b","engagement_time_msec":"12","message":{"v":"2","measurement_id":"G-1","user_properties":{"tier":"gold"}}})");
    origin_.shared = R"({"tid":"G-1","cid":"c.3"})";
    EXPECT_EQ(event("en=scroll").user_id, "c.3");
    EXPECT_EQ(decode("en=x&cid=%FF")[0].verdict.rule, ValidationRule::not_utf8);
    EXPECT_EQ(decode("cid=a")[0].verdict.rule, ValidationRule::missing_field);
    EXPECT_EQ(decode("")[0].verdict.rule, ValidationRule::missing_field);
}

TEST_F(Ga4DecoderTest, ARowOfTheExportIsDecoded) {
    origin_ = {};
    const Event& bought = event(
        R"({"event_date":"20240501","event_timestamp":"1714564800123456","event_name":"purchase","user_pseudo_id":"c.9","user_id":null,
        "event_params":[{"key":"ga_session_id","value":{"string_value":null,"int_value":"1714"}},{"key":"page_location","value":{"string_value":"https://shop/a"}},{"key":"tax","value":{"double_value":1.5}}],
        "device":{"category":"desktop","language":"de"},"traffic_source":{"source":"google","medium":"cpc","name":"may"},
        "ecommerce":{"transaction_id":"T5","purchase_revenue":20.0},"items":[{"item_id":"p","item_name":"Mug","price":null,"quantity":"4","item_revenue":20.0}]})");
    EXPECT_EQ(bought.timestamp, model::from_us(1'714'564'800'123'456));
    EXPECT_EQ(bought.user_id, "c.9");
    EXPECT_EQ(bought.session_id, "1714");
    EXPECT_EQ(bought.page_url, "https://shop/a");
    EXPECT_EQ(bought.device_type, "desktop");
    EXPECT_EQ(bought.details.utm_source, "google");
    EXPECT_EQ(bought.details.utm_campaign, "may");
    EXPECT_EQ(bought.order_id, "T5");
    EXPECT_EQ(bought.price, 5);
    EXPECT_EQ(bought.quantity, 4);
    EXPECT_TRUE(bought.details.line_total == model::Money{200'000});
    EXPECT_TRUE(bought.event_id.starts_with("ga4:purchase:T5#0@"));
    EXPECT_EQ(
        bought.details.properties,
        R"({"message":{"event_date":"20240501","device":{"language":"de"},"ecommerce":{"transaction_id":"T5","purchase_revenue":20.0}}})");
}

TEST_F(Ga4DecoderTest, BadMessagesAreOneItemWithTheirRule) {
    for (const auto& [text, rule] :
         {std::pair("[1]", ValidationRule::not_an_object),
          std::pair("{\"name\":NaN}", ValidationRule::bad_json),
          std::pair("{}", ValidationRule::missing_field),
          std::pair(R"({"name":5.5,"name":"x"})", ValidationRule::duplicate_key),
          std::pair(R"({"name":[]})", ValidationRule::wrong_type),
          std::pair(R"({"name":"x","timestamp_micros":"soon"})", ValidationRule::bad_timestamp)}) {
        decode(text);
        ASSERT_EQ(items_.size(), 1U) << text;
        EXPECT_EQ(items_[0].verdict.rule, rule) << text;
    }
    decode(
        R"({"name":"purchase","params":{"items":[{"item_id":"p","price":"1.299"},{"item_id":"q","price":2}]}})");
    EXPECT_EQ(items_[0].verdict.rule, ValidationRule::bad_price);
    EXPECT_TRUE(items_[1].verdict.ok());
}

}  // namespace
}  // namespace millrace::silver
