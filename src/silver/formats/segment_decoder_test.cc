#include "silver/formats/segment_decoder.h"

#include <gtest/gtest.h>

#include <cmath>

#include "silver/formats/segment_call.h"
#include "silver/message/test_message.h"

namespace millrace::silver {
namespace {

using model::Event;
using model::ValidationRule;

class SegmentDecoderTest : public testing::Test {
  protected:
    const std::vector<Item>& decode(std::string_view text) {
        sent_ = std::make_unique<TestMessage>(text);
        sent_->message.origin = origin_;
        decoder_.decode(sent_->message, items_);
        return items_;
    }
    /// Decodes a message that is one good event.
    const Event& event(std::string_view text) {
        decode(text);
        EXPECT_EQ(items_.size(), 1U) << text;
        EXPECT_TRUE(items_.at(0).verdict.ok()) << text << " " << rule_name(items_.at(0).verdict.rule);
        EXPECT_TRUE(items_.at(0).ignored.empty()) << text;
        return items_.at(0).event;
    }
    /// Decodes a track message of user u with this name and these properties.
    const std::vector<Item>& track(std::string_view name, std::string_view properties) {
        return decode(R"({"type":"track","userId":"u","messageId":"m","event":")" + std::string(name) +
                      R"(","properties":)" + std::string(properties) + "}");
    }
    Verdict verdict(std::string_view text) {
        decode(text);
        EXPECT_EQ(items_.size(), 1U) << text;
        return items_.at(0).verdict;
    }

    bronze::Origin origin_;
    SegmentDecoder decoder_;
    std::vector<Item> items_;
    std::unique_ptr<TestMessage> sent_;
};

TEST_F(SegmentDecoderTest, AViewedProductHasAllItsColumns) {
    origin_.received = "1714564801000";
    const Event& viewed = event(
        R"({"type":"track","userId":"u1","anonymousId":"a1","messageId":"m1","timestamp":"2024-05-01T12:00:00.250Z","event":"Product Viewed",
        "properties":{"product_id":507,"sku":"G-32","category":"Games","name":"Chess","brand":"Ravens","price":"18.99","currency":"usd","quantity":2,"coupon":"MAY","discount":1.5,"value":37.98,"variant":"red"},
        "context":{"userAgent":"UA","sessionId":77,"page":{"url":"https://shop/p?utm_source=x","referrer":"https://search/","title":"T"},"userAgentData":{"mobile":true},
        "campaign":{"source":"news","name":"may"},"library":{"name":"analytics-node"}},"integrations":{}})");
    EXPECT_EQ(viewed.event_id, "m1");
    EXPECT_EQ(viewed.user_id, "u1");
    EXPECT_EQ(viewed.event_type, "view");
    EXPECT_EQ(viewed.timestamp, model::from_us(1'714'564'800'250'000));
    EXPECT_EQ(viewed.product_id, "507");
    EXPECT_EQ(viewed.product_category, "Games");
    EXPECT_EQ(viewed.price, 18.99);
    EXPECT_EQ(viewed.quantity, 2);
    EXPECT_EQ(viewed.currency, "USD");
    EXPECT_EQ(viewed.session_id, "77");
    EXPECT_EQ(viewed.page_url, "https://shop/p?utm_source=x");
    EXPECT_EQ(viewed.referrer, "https://search/");
    EXPECT_EQ(viewed.user_agent, "UA");
    EXPECT_EQ(viewed.device_type, "mobile");
    const auto& details = viewed.details;
    EXPECT_EQ(details.anonymous_id, "a1");
    EXPECT_EQ(details.received_at, model::from_us(1'714'564'801'000'000));
    EXPECT_EQ(details.product_name, "Chess");
    EXPECT_EQ(details.brand, "Ravens");
    EXPECT_EQ(details.coupon, "MAY");
    EXPECT_EQ(details.discount, 1.5);
    EXPECT_EQ(details.utm_source, "news");
    EXPECT_EQ(details.utm_campaign, "may");
    EXPECT_TRUE(details.line_total == model::Money{379'800});
    EXPECT_EQ(
        details.properties,
        R"({"sku":"G-32","variant":"red","context":{"page":{"title":"T"},"library":{"name":"analytics-node"}},"message":{"integrations":{}}})");
}

TEST_F(SegmentDecoderTest, AMessageWithoutOtherFieldsHasNoProperties) {
    EXPECT_FALSE(event(R"({"type":"track","userId":"u","messageId":"m","event":"X"})").has_details);
    EXPECT_FALSE(
        event(
            R"({"type":"page","userId":"u","messageId":"m","writeKey":"secret","context":{},"properties":{"coupon":null}})")
            .details.properties);
}

TEST_F(SegmentDecoderTest, EmptyTextsAreAbsent) {
    const Event& anonymous = event(
        R"({"type":"track","userId":"","anonymousId":"a","messageId":"m","event":"Product Added","timestamp":"",
        "properties":{"product_id":"","sku":"s","price":"","currency":"","quantity":""},"context":{"page":{"url":""}}})");
    EXPECT_EQ(anonymous.user_id, "a");
    EXPECT_EQ(anonymous.details.anonymous_id, "a");
    EXPECT_EQ(anonymous.product_id, "s");
    EXPECT_FALSE(anonymous.price);
    EXPECT_FALSE(anonymous.currency);
    EXPECT_FALSE(anonymous.page_url);
    EXPECT_EQ(anonymous.timestamp, model::from_us(1'714'564'800'000'000));
    EXPECT_EQ(verdict(R"({"type":"track","userId":"","anonymousId":"","event":"X"})").rule,
              ValidationRule::missing_field);
}

TEST_F(SegmentDecoderTest, AnOrderIsAPurchaseForEachLine) {
    track("Completed Order",
          R"({"orderId":"o1","total":30,"tax":2,"currency":"EUR","coupon":"ALL","products":[
        {"id":"p1","name":"A","price":5,"quantity":2,"variant":"x"},{"sku":"s2","total":"10.00","quantity":3,"coupon":"OWN","tax":1}]})");
    ASSERT_EQ(items_.size(), 2U);
    const Event& first = items_[0].event;
    const Event& second = items_[1].event;
    EXPECT_EQ(first.event_id, "m#0");
    EXPECT_EQ(second.event_id, "m#1");
    EXPECT_EQ(first.event_type, "purchase");
    EXPECT_EQ(first.order_id, "o1");
    EXPECT_EQ(second.currency, "EUR");
    EXPECT_EQ(first.product_id, "p1");
    EXPECT_EQ(first.price, 5);
    EXPECT_FALSE(first.details.line_total);
    EXPECT_EQ(first.details.coupon, "ALL");
    EXPECT_EQ(second.product_id, "s2");
    EXPECT_DOUBLE_EQ(second.price.value(), 10.0 / 3);
    EXPECT_TRUE(second.details.line_total == model::Money{100'000});
    EXPECT_EQ(second.details.coupon, "OWN");
    EXPECT_EQ(first.details.properties, R"({"variant":"x"})");
    EXPECT_EQ(second.details.properties, R"({"tax":1})");
    EXPECT_TRUE(second.details.order_total == model::Money{300'000});
    EXPECT_TRUE(second.details.order_tax == model::Money{20'000});
}

TEST_F(SegmentDecoderTest, ProductsMayBeNumberedOrOne) {
    EXPECT_EQ(track("Order Completed",
                    R"({"products":{"0":{"productId":"a","price":1},"1":{"productId":"b","price":2}}})")
                  .size(),
              2U);
    EXPECT_EQ(items_[1].event.product_id, "b");
    EXPECT_EQ(track("Order Completed", R"({"products":{"product_id":"a","price":1}})").size(), 1U);
    EXPECT_EQ(items_[0].event.product_id, "a");
    EXPECT_EQ(items_[0].event.event_id, "m#0");
}

TEST_F(SegmentDecoderTest, AnOrderWithoutProductsIsOneEventOfItsTotal) {
    track("Order Refunded", R"({"order_id":"o1","total":30,"products":[]})");
    ASSERT_EQ(items_.size(), 1U);
    EXPECT_EQ(items_[0].event.event_id, "m");
    EXPECT_EQ(items_[0].event.event_type, "refund");
    EXPECT_EQ(items_[0].event.product_id, "order:o1");
    EXPECT_EQ(items_[0].event.price, 30);
    EXPECT_TRUE(items_[0].event.details.line_total == model::Money{300'000});
    EXPECT_EQ(track("Order Completed", R"({"order_id":"o1","revenue":"25.50"})")[0].event.price, 25.5);
    EXPECT_EQ(
        track("Order Completed", R"({"order_id":7.0,"product_id":"p","price":2,"quantity":3,"total":6})")[0]
            .event.product_id,
        "p");
    EXPECT_EQ(items_[0].event.order_id, "7");
}

TEST_F(SegmentDecoderTest, TheOnlyLineOfAnOrderCostsWhatTheOrderCosts) {
    track("Order Completed",
          R"({"order_id":"o","revenue":30,"discount":3,"products":[{"product_id":"p","quantity":3}]})");
    EXPECT_EQ(items_[0].event.price, 10);
    EXPECT_EQ(items_[0].event.details.discount, 3);
    EXPECT_FALSE(items_[0].event.details.order_discount);
    EXPECT_TRUE(items_[0].event.details.line_total == model::Money{300'000});
}

TEST_F(SegmentDecoderTest, ALineHasItsNumberAmongThoseOfItsProduct) {
    track(
        "Order Completed",
        R"({"order_id":"o","products":[{"sku":"a","price":1},{"sku":"b","price":0},{"sku":"a","price":2}]})");
    ASSERT_EQ(items_.size(), 3U);
    EXPECT_EQ(items_[0].event.details.line_number, 1);
    EXPECT_EQ(items_[1].event.details.line_number, 1);
    EXPECT_EQ(items_[2].event.details.line_number, 2);
    track("Order Completed", R"({"order_id":"o","total":3})");
    EXPECT_EQ(items_[0].event.details.line_number, 1);
    track("Product Added", R"({"product_id":"p","price":1})");
    EXPECT_FALSE(items_[0].event.has_details && items_[0].event.details.line_number);
}

TEST_F(SegmentDecoderTest, ADiscountIsTheOrdersUnlessTheLineCostsWhatTheOrderCosts) {
    track("Order Completed",
          R"({"order_id":"o","discount":"2.50","shipping":3,"products":[{"product_id":"p","price":10}]})");
    EXPECT_TRUE(items_[0].event.details.order_discount == model::Money{25'000});
    EXPECT_TRUE(items_[0].event.details.order_shipping == model::Money{30'000});
    EXPECT_FALSE(items_[0].event.details.discount);
    track("Order Completed", R"({"discount":"a lot","products":[{"product_id":"p","price":10}]})");
    EXPECT_FALSE(items_[0].event.details.order_discount);
    EXPECT_EQ(items_[0].event.details.properties, R"({"discount":"a lot"})");
}

TEST_F(SegmentDecoderTest, AValueIsOfAllPieces) {
    track("Product Added", R"({"product_id":"p","value":30,"quantity":3})");
    EXPECT_EQ(items_[0].event.price, 10);
    EXPECT_TRUE(items_[0].event.details.line_total == model::Money{300'000});
    track("Cart Viewed", R"({"cart_id":"c","value":30,"products":[{"product_id":"p"}]})");
    EXPECT_EQ(items_.size(), 1U);
    EXPECT_FALSE(items_[0].event.price);
    EXPECT_EQ(items_[0].event.details.properties,
              R"({"cart_id":"c","value":30,"products":[{"product_id":"p"}]})");
}

TEST_F(SegmentDecoderTest, QuantitiesMayHaveThreeDecimals) {
    track(
        "Order Completed",
        R"({"products":[{"product_id":"p","price":4,"quantity":"2.5"},{"product_id":"q","price":4,"quantity":0},{"product_id":"r","price":4,"quantity":0.0001}]})");
    EXPECT_EQ(items_[0].event.details.quantity_thousandths, 2500);
    EXPECT_EQ(items_[0].event.quantity, 0);
    EXPECT_EQ(items_[1].verdict.rule, ValidationRule::bad_quantity);
    EXPECT_EQ(items_[2].verdict.rule, ValidationRule::bad_quantity);
}

TEST_F(SegmentDecoderTest, APriceThatCannotBeReadRefusesOnlyItsLine) {
    for (const char* price : {"\"1.299\"", "\"NaN\"", "\"Infinity\"", "\"free\"", "true", "{}"}) {
        track("Order Completed", R"({"products":[{"product_id":"p","price":)" + std::string(price) +
                                     R"(,"total":5},{"product_id":"q","price":1}]})");
        ASSERT_EQ(items_.size(), 2U);
        EXPECT_EQ(items_[0].verdict.rule, ValidationRule::bad_price) << price;
        EXPECT_TRUE(items_[1].verdict.ok());
    }
    track("Order Completed", R"({"products":[{"product_id":"p","price":"$1,299.00"}]})");
    EXPECT_EQ(items_[0].event.price, 1299);
}

TEST_F(SegmentDecoderTest, OddOptionalFieldsAreProperties) {
    const Event& odd = event(
        R"({"type":"track","userId":"u","messageId":"m","event":"Lead","properties":{"price":"free","quantity":-1,"currency":"points","category":{"a":1},"coupon":[1]},
        "context":"none"})");
    EXPECT_FALSE(odd.price);
    EXPECT_EQ(odd.quantity, 1);
    EXPECT_EQ(
        odd.details.properties,
        R"({"price":"free","quantity":-1,"currency":"points","category":{"a":1},"coupon":[1],"message":{"context":"none"}})");
    const Event& long_text = event(R"({"type":"page","userId":"u","context":{"userAgent":")" +
                                   std::string(70'000, 'x') + R"("}})");
    EXPECT_FALSE(long_text.user_agent);
    EXPECT_GT(long_text.details.properties.value().size(), 70'000U);
}

TEST_F(SegmentDecoderTest, TheKindOfCallComesFromTheMessageOrThePath) {
    EXPECT_EQ(event(R"({"type":"Track","userId":"u","event":"Product Viewed"})").event_type, "view");
    EXPECT_EQ(event(R"({"type":"SCREEN","userId":"u","name":"Home"})").event_type, "page_view");
    EXPECT_EQ(verdict(R"({"userId":"u","event":"X"})").field, "type");
    EXPECT_EQ(verdict(R"({"userId":"u","event":"X"})").rule, ValidationRule::missing_field);
    EXPECT_EQ(verdict(R"({"type":"delete","userId":"u"})").rule, ValidationRule::bad_event_type);
    EXPECT_EQ(verdict(R"({"type":5,"userId":"u"})").rule, ValidationRule::bad_event_type);
    EXPECT_EQ(verdict(R"({"type":"track","userId":"u"})").field, "event");
    for (const auto& [path, type] : {std::pair("/v1/t", "x"), std::pair("/v1/track/", "x"),
                                     std::pair("/v1/p", "page_view"), std::pair("/v1/screen", "page_view")}) {
        origin_.path = path;
        EXPECT_EQ(event(R"({"userId":"u","event":"X"})").event_type, type) << path;
    }
    origin_.path = "/v1/i";
    EXPECT_EQ(decode(R"({"userId":"u"})")[0].ignored, "identify");
    EXPECT_EQ(decode(R"({"type":"Group","userId":"u"})")[0].ignored, "group");
    EXPECT_EQ(segment_call_of_path("/v1/batch"), SegmentCall::absent);
    EXPECT_EQ(segment_call_of_path(""), SegmentCall::absent);
}

TEST_F(SegmentDecoderTest, ACallThatLinksAnIdWithAUserIsARowWithoutItsTraits) {
    const auto identify = event(
        R"({"type":"identify","userId":"u","anonymousId":"a","messageId":"m","traits":{"email":"x@shop.example"}})");
    EXPECT_EQ(identify.event_type, "identify");
    EXPECT_EQ(identify.user_id, "u");
    EXPECT_EQ(identify.details.anonymous_id, "a");
    EXPECT_FALSE(identify.details.properties);
    const auto alias = event(R"({"type":"alias","userId":"u","previousId":"p","anonymousId":"a"})");
    EXPECT_EQ(alias.event_type, "alias");
    EXPECT_EQ(alias.user_id, "u");
    EXPECT_EQ(alias.details.anonymous_id, "p");
    for (const char* text :
         {R"({"type":"identify","anonymousId":"a"})", R"({"type":"identify","userId":"a","anonymousId":"a"})",
          R"({"type":"alias","userId":"u"})"}) {
        EXPECT_FALSE(decode(text)[0].ignored.empty()) << text;
    }
    EXPECT_EQ(verdict(R"({"type":"identify","userId":"u","anonymousId":"a","timestamp":"soon"})").rule,
              ValidationRule::bad_timestamp);
}

TEST_F(SegmentDecoderTest, AnEventWithoutAnIdGetsOneThatStays) {
    const std::string by_position(event(R"({"type":"page","userId":"u"})").event_id);
    EXPECT_EQ(event(R"({"type":"page","userId":"u"})").event_id, by_position);
    origin_.request = "key";
    origin_.place = "3";
    EXPECT_NE(event(R"({"type":"page","userId":"u"})").event_id, by_position);
    EXPECT_EQ(event(R"({"type":"page","userId":"u","messageId":42.0})").event_id, "42");
    EXPECT_EQ(event(R"({"type":"page","userId":12345678901234567890123})").user_id,
              "12345678901234567890123");
}

TEST_F(SegmentDecoderTest, ClocksAreCorrectedOnce) {
    origin_.received = "1714564800000";  // noon
    const Event& corrected = event(
        R"({"type":"page","userId":"u","timestamp":"2024-05-01T11:00:00Z","sentAt":"2024-05-01T11:00:05Z"})");
    EXPECT_EQ(corrected.timestamp, model::from_us(1'714'564'795'000'000));
    EXPECT_EQ(corrected.details.device_timestamp, model::from_us(1'714'561'200'000'000));
    const Event& already = event(
        R"({"type":"page","userId":"u","timestamp":"2024-05-01T11:59:00Z","originalTimestamp":"2024-05-01T11:00:00Z","sentAt":"2024-05-01T11:00:05Z"})");
    EXPECT_EQ(already.timestamp, model::from_us(1'714'564'740'000'000));
    EXPECT_EQ(already.details.device_timestamp, model::from_us(1'714'561'200'000'000));
    origin_.shared =
        R"({"sentAt":"2024-05-01T11:00:05Z","writeKey":"secret","context":{"userAgent":"UA","ip":"::1"}})";
    const Event& batch = event(R"({"type":"page","userId":"u","originalTimestamp":"2024-05-01T11:00:00Z"})");
    EXPECT_EQ(batch.timestamp, model::from_us(1'714'564'795'000'000));
    EXPECT_EQ(batch.user_agent, "UA");
    EXPECT_EQ(batch.details.properties,
              R"({"batch":{"sentAt":"2024-05-01T11:00:05Z","context":{"ip":"::1"}}})");
    EXPECT_EQ(verdict(R"({"type":"page","userId":"u","timestamp":"noon"})").rule,
              ValidationRule::bad_timestamp);
}

TEST_F(SegmentDecoderTest, NamesInPropertiesStayUnique) {
    const Event& clash = event(
        R"({"type":"page","userId":"u","x":1,"properties":{"message":2,"context":3},"context":{"y":4}})");
    EXPECT_EQ(clash.details.properties, R"({"message":2,"context":3,"context_":{"y":4},"message_":{"x":1}})");
}

TEST_F(SegmentDecoderTest, BadMessagesAreOneItemWithTheirRule) {
    for (const auto& [text, rule] :
         {std::pair("", ValidationRule::empty_record), std::pair("[1]", ValidationRule::not_an_object),
          std::pair("{\"type\":NaN}", ValidationRule::bad_json),
          std::pair("{\"a\":\"\\ud800\"}", ValidationRule::bad_json),
          std::pair("{\"a\":\"\xFF\"}", ValidationRule::not_utf8),
          std::pair(R"({"type":"page","userId":"u","userId":"v"})", ValidationRule::duplicate_key),
          std::pair(R"({"type":"page","userId":"a\u0000b"})", ValidationRule::nul_character)})
        EXPECT_EQ(verdict(text).rule, rule) << text;
    EXPECT_EQ(verdict(R"({"type":"page","userId":")" + std::string(70'000, 'x') + "\"}").rule,
              ValidationRule::field_too_long);
}

TEST_F(SegmentDecoderTest, ALargeOrderDoesNotBecomeAHugeOne) {
    std::string order = R"({"type":"track","userId":"u","event":"Order Completed","properties":{"note":")" +
                        std::string(100'000, 'x') + R"(","products":[{})";
    for (int i = 1; i < 10'000; ++i) order += ",{}";
    decode(order + "]}}");
    EXPECT_EQ(items_.size(), 10'000U);
    EXPECT_TRUE(items_[0].event.details.properties);
    EXPECT_FALSE(items_[1].event.details.properties);
    EXPECT_EQ(verdict(order + ",{}]}}").rule, ValidationRule::field_too_long);
}

}  // namespace
}  // namespace millrace::silver
