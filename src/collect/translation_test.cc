#include "collect/translation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collect/ga4.h"
#include "collect/request_body.h"
#include "collect/segment_io.h"

namespace millrace::collect {
namespace {

namespace json = boost::json;

constexpr std::size_t max_bytes = 1 << 20;

json::array events_of(const Translation& translation) {
    return json::parse(translation.events).as_array();
}

TEST(Segment, AViewedProductIsAView) {
    const auto events = events_of(translate_segment("track", R"({
        "userId": "u1", "anonymousId": "a1", "messageId": "m1", "timestamp": "2024-05-01T12:00:00Z", "event": "Product Viewed",
        "properties": {"product_id": 507, "sku": "G-32", "category": "Games", "price": "18.99", "currency": "USD", "quantity": 1},
        "context": {"userAgent": "UA", "page": {"url": "https://shop/p", "referrer": "https://search/"}, "userAgentData": {"mobile": true}}})",
                                                    max_bytes));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(
        events[0],
        json::parse(
            R"({"event_id": "m1", "user_id": "u1", "timestamp": "2024-05-01T12:00:00Z", "page_url": "https://shop/p",
        "referrer": "https://search/", "user_agent": "UA", "device_type": "mobile", "event_type": "view", "currency": "USD",
        "product_id": "507", "product_category": "Games", "price": 18.99, "quantity": 1})"));
}

TEST(Segment, AnOrderIsOnePurchaseForEachLine) {
    const auto events = events_of(
        translate_segment("track", R"({"anonymousId": "a1", "messageId": "m2", "event": "Order Completed",
        "properties": {"order_id": "o1", "currency": "EUR", "products": [{"product_id": "p1", "price": 5, "quantity": 2}, {"sku": "s2", "price": 7}]}})",
                          max_bytes));
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(
        events[0],
        json::parse(
            R"({"event_id": "m2#0", "user_id": "a1", "event_type": "purchase", "currency": "EUR", "order_id": "o1",
        "product_id": "p1", "price": 5, "quantity": 2})"));
    EXPECT_EQ(events[1].at("event_id"), "m2#1");
    EXPECT_EQ(events[1].at("product_id"), "s2");
}

TEST(Segment, ARefundOfAWholeOrderIsOneRefundOfItsTotal) {
    const auto events = events_of(translate_segment(
        "track",
        R"({"userId": "u", "event": "Order Refunded", "properties": {"order_id": "o1", "total": 30}})",
        max_bytes));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].at("event_type"), "refund");
    EXPECT_EQ(events[0].at("product_id"), "order:o1");
    EXPECT_EQ(events[0].at("price"), 30);
}

TEST(Segment, ABatchHasMessagesOfAllKinds) {
    const auto translation = translate_segment("batch", R"({"batch": [
        {"type": "identify", "userId": "u"}, {"type": "page", "userId": "u", "properties": {"url": "https://shop/"}},
        {"type": "track", "userId": "u", "event": "Coupon Entered!"}]})",
                                               max_bytes);
    EXPECT_EQ(translation.ignored, 1);
    const auto events = events_of(translation);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0],
              json::parse(R"({"user_id": "u", "page_url": "https://shop/", "event_type": "page_view"})"));
    EXPECT_EQ(events[1].at("event_type"), "coupon_entered_");
}

TEST(Segment, BodiesThatAreNotMessagesAreRefused) {
    for (const char* body : {"", "[]", "{", "{\"batch\": 5}", "{\"batch\": [5]}"})
        EXPECT_THROW(translate_segment("batch", body, max_bytes), BadBody) << body;
    EXPECT_THROW(translate_segment("track", "{}", max_bytes), BadBody);
}

TEST(Ga4, EachItemIsAnEvent) {
    const auto events =
        events_of(translate_ga4(R"({"client_id": "c.1", "timestamp_micros": "1714564800000000", "events": [
        {"name": "view_item", "params": {"currency": "USD", "value": 9.5, "session_id": 77, "items": [{"item_id": "p1", "item_category": "toys"}]}},
        {"name": "purchase", "params": {"transaction_id": "T1", "items": [{"item_id": "p1", "price": 9.5, "quantity": 2}, {"item_id": "p2", "price": 1}]}},
        {"name": "page_view", "params": {"page_location": "https://shop/"}}]})",
                                "web", max_bytes));
    ASSERT_EQ(events.size(), 4U);
    EXPECT_EQ(
        events[0],
        json::parse(
            R"({"event_type": "view", "user_id": "c.1", "timestamp": "2024-05-01T12:00:00Z", "session_id": "77",
        "currency": "USD", "product_id": "p1", "product_category": "toys", "price": 9.5})"));
    EXPECT_TRUE(events[1].at("event_id").as_string().starts_with("ga4:purchase:T1#0@"));
    EXPECT_TRUE(events[2].at("event_id").as_string().starts_with("ga4:purchase:T1#1@"));
    EXPECT_EQ(events[2].at("order_id"), "T1");
    EXPECT_EQ(events[3].at("event_type"), "page_view");
    EXPECT_EQ(events[3].at("page_url"), "https://shop/");
}

TEST(Ga4, APurchaseKeepsItsIdAndNoOtherSenderCanClaimIt) {
    const auto id = [](const std::string& client, const std::string& source) {
        const auto events = events_of(translate_ga4(
            R"({"client_id": ")" + client +
                R"(", "events": [{"name": "purchase", "params": {"transaction_id": "T1", "items": [{"item_id": "p1", "price": 1}]}}]})",
            source, max_bytes));
        return std::string(events[0].at("event_id").as_string());
    };
    EXPECT_EQ(id("c", "web"), id("c", "web"));
    EXPECT_NE(id("c", "web"), id("c", "server"));
    EXPECT_NE(id("c", "web"), id("d", "web"));
}

TEST(Ga4, BodiesThatAreNotRequestsAreRefused) {
    for (const char* body : {"", "5", "{}", "{\"events\": {}}", "{\"events\": [{}]}", "{\"events\": [1]}"})
        EXPECT_THROW(translate_ga4(body, "web", max_bytes), BadBody) << body;
}

TEST(Translation, ALongTextInManyEventsIsTooLarge) {
    std::string items;
    for (int i = 0; i < 1000; ++i) items += i == 0 ? "{}" : ",{}";
    const std::string page(100'000, 'x');
    const std::string hit = R"({"events": [{"name": "view_item", "params": {"page_location": ")" + page +
                            R"(", "items": [)" + items + "]}}]}";
    EXPECT_THROW(translate_ga4(hit, "web", max_bytes), LargeBody);
    const std::string order = R"({"event": "Order Completed", "context": {"page": {"url": ")" + page +
                              R"("}}, "properties": {"products": [)" + items + "]}}";
    EXPECT_THROW(translate_segment("track", order, max_bytes), LargeBody);
}

TEST(Ga4, PartialRefundsOfOneOrderAreSeparateEvents) {
    const auto events = events_of(translate_ga4(
        R"({"client_id": "c", "events": [{"name": "refund", "params": {"transaction_id": 7, "items": [{"item_id": "p1", "price": 1}]}}]})",
        "web", max_bytes));
    EXPECT_FALSE(events[0].as_object().contains("event_id"));
    EXPECT_EQ(events[0].at("order_id"), "7");
}

TEST(Translation, TypesHaveOnlyAllowedCharacters) {
    EXPECT_EQ(type_of("Products Searched"), "products_searched");
    EXPECT_EQ(type_of("naïve/é"), "na__ve___");
    EXPECT_EQ(type_of(std::string(100, 'x')).size(), 64U);
}

}  // namespace
}  // namespace millrace::collect
