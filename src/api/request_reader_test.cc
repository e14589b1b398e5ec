#include "api/request_reader.h"

#include <gmock/gmock.h>

#include "collect/bad_body.h"
#include "model/shop_settings.h"

namespace millrace::api {
namespace {

using Body = IntakeProtocol::Body;

class RequestReaderTest : public testing::Test {
  protected:
    ReadRequest read(std::string body, const IntakeProtocol& protocol, RequestReader::Limits limits = {}) {
        request_.path = protocol.path;
        request_.body = std::move(body);
        return RequestReader(rules_, limits)
            .read(request_, protocol, "web", base::from_ms(1'714'564'800'000));
    }

    const model::RuleOptions rules_;
    serve::HttpRequest request_;
    const IntakeProtocol native_{.path = "/v1/events", .format = "native"};
    const IntakeProtocol track_{.path = "/v1/track", .format = "segment"};
    const IntakeProtocol batch_{
        .path = "/v1/batch", .format = "segment", .body = Body::batch, .array = "batch"};
    const IntakeProtocol hits_{.path = "/g/collect", .format = "ga4", .body = Body::query};
};

TEST_F(RequestReaderTest, MessagesAreKeptAsTheyWereSent) {
    const auto made = read("[ {\"user_id\" : \"u\"}, {\"price\":NaN},\n\"\xff\" ]", native_);
    ASSERT_EQ(made.messages.size(), 3U);
    EXPECT_EQ(made.messages[0].value, "{\"user_id\" : \"u\"}");
    EXPECT_EQ(made.messages[0].key, "u");
    EXPECT_EQ(made.messages[1].value, "{\"price\":NaN}");
    EXPECT_FALSE(made.messages[1].has_key);
    EXPECT_EQ(made.messages[2].value, "\"\xff\"");
    EXPECT_EQ(made.messages[2].place, "2");
    EXPECT_EQ(made.invalid_count, 3);
}

TEST_F(RequestReaderTest, WhatARequestSaysForAllIsNotedWithEach) {
    request_.headers["idempotency-key"] = "k";
    const auto made = read(
        R"({"sentAt":"2024-05-01T12:00:00Z","writeKey":"w","batch":[{"type":"track","event":"Product Viewed","anonymousId":"a","messageId":"m","properties":{"product_id":"p","price":1}},{"type":"identify","userId":"u"}]})",
        batch_);
    ASSERT_EQ(made.messages.size(), 2U);
    EXPECT_EQ(made.origin.shared, R"({"sentAt":"2024-05-01T12:00:00Z"})");
    EXPECT_EQ(made.origin.request, "k");
    EXPECT_EQ(made.origin.received, "1714564800000");
    EXPECT_EQ(made.write_key, "w");
    EXPECT_EQ(made.messages[0].key, "a");
    EXPECT_EQ(made.messages[1].key, "u");
    EXPECT_EQ(made.invalid_count, 0);
    EXPECT_EQ(made.ignored, 1);
}

TEST_F(RequestReaderTest, TheItemsOfAMessageThatBreakARuleAreListed) {
    const auto made = read(
        R"({"type":"track","event":"Order Completed","userId":"u","messageId":"m","timestamp":"2024-05-01T11:00:00Z","properties":{"order_id":"o","products":[{"product_id":"a","price":1},{"product_id":"b","price":"free"}]}})",
        track_);
    ASSERT_EQ(made.invalid.size(), 1U);
    EXPECT_EQ(made.invalid[0].at("index").as_uint64(), 0U);
    EXPECT_EQ(made.invalid[0].at("item").as_uint64(), 1U);
}

TEST_F(RequestReaderTest, AHitIsTheQueryOrALineOfTheBody) {
    request_.query_text = "v=2&cid=c.1&en=page_view&key=w";
    request_.query = {{"v", "2"}, {"cid", "c.1"}, {"en", "page_view"}, {"key", "w"}};
    const auto one = read("", hits_);
    ASSERT_EQ(one.messages.size(), 1U);
    EXPECT_EQ(one.messages[0].value, request_.query_text);
    EXPECT_EQ(one.messages[0].key, "c.1");
    const auto two = read("en=view_item\r\nen=scroll\n", hits_);
    ASSERT_EQ(two.messages.size(), 2U);
    EXPECT_EQ(two.messages[1].value, "en=scroll");
    EXPECT_EQ(two.origin.shared, R"({"cid":"c.1","en":"page_view","v":"2"})");
}

TEST_F(RequestReaderTest, WhatIsSaidForAllCannotMultiplyWithoutLimit) {
    std::string messages;
    for (int i = 0; i < 1000; ++i) messages += std::string(i > 0 ? "," : "") + "{}";
    const auto body = [&](std::size_t shared) {
        return R"({"context":")" + std::string(shared, 'x') + R"(","batch":[)" + messages + "]}";
    };
    const RequestReader::Limits limits{.max_logged_bytes = std::size_t{1} << 20U};
    EXPECT_NO_THROW(read(body(500), batch_, limits));
    EXPECT_THROW(read(body(2000), batch_, limits), collect::LargeBody);
}

TEST_F(RequestReaderTest, LargeMessagesAndManyMessagesAreRefused) {
    EXPECT_THROW(read(R"({"a":"xxxxx"})", native_, {.max_message_bytes = 12}), collect::LargeBody);
    EXPECT_NO_THROW(read(R"({"a":"xxxx"})", native_, {.max_message_bytes = 12}));
    EXPECT_THROW(read("[{},{},{}]", native_, {.max_messages = 2}), collect::LargeBody);
    EXPECT_THROW(read("nothing", native_), collect::BadBody);
}

}  // namespace
}  // namespace millrace::api
