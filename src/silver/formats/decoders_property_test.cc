#include <gtest/gtest.h>

#include <array>
#include <random>

#include "silver/decoder.h"
#include "silver/formats/ga4_decoder.h"
#include "silver/formats/segment_decoder.h"
#include "silver/message/json_tree.h"
#include "silver/message/test_message.h"

namespace millrace::silver {
namespace {

constexpr std::array<std::string_view, 6> seeds = {
    R"({"type":"track","userId":"u","anonymousId":"a","messageId":"m","event":"Order Completed","timestamp":"2024-05-01T12:00:00.000Z","sentAt":"2024-05-01T10:00:00Z","properties":{"order_id":"o","total":"$1,299.00","products":[{"product_id":"p","price":5,"quantity":2.5,"x":{"y":[1]}},{"id":7.0,"value":1e1}]},"context":{"page":{"url":"https://s/?utm_source=%41"},"device":{"type":"ios"},"campaign":{"source":"\u00e9"}}})",
    R"({"type":"page","anonymousId":"a","originalTimestamp":1714564800123,"properties":{"url":"u","message":1}})",
    R"({"name":"purchase","timestamp_micros":"1714564800000000","params":{"transaction_id":"T","value":30,"items":[{"item_id":"p","quantity":3},{"item_name":"n","price":"12,50"}]}})",
    R"({"event_name":"purchase","event_timestamp":"1714564800000000","user_pseudo_id":"c","event_params":[{"key":"k","value":{"int_value":"5"}}],"ecommerce":{"transaction_id":"T"},"items":[{"item_id":"p"}]})",
    "v=2&tid=G-1&cid=c&en=purchase&ep.transaction_id=T&epn.value=3&pr1=idp~nmn~pr1.5~qt2&up.x=%E2%82%AC",
    R"({"client_id":"c","timestamp_micros":"1714564800000000","context":{"userAgent":"UA"},"sentAt":"2024-05-01T11:00:00Z"})"};

std::string mutated(std::string text, std::mt19937& random) {
    constexpr std::string_view bytes = "\"\\{}[]:,0123456789.eE-+%&=~# \n\0ntrfau\xC3\xA9\xFF$";
    for (unsigned changes = random() % 6; changes > 0 && !text.empty(); --changes) {
        const std::size_t at = random() % text.size();
        switch (random() % 4) {
            case 0:
                text[at] = bytes[random() % bytes.size()];
                break;
            case 1:
                text.erase(at, 1 + random() % 8);
                break;
            case 2:
                text.insert(at, text.substr(random() % text.size(), random() % 20));
                break;
            default:
                text.insert(at, 1, bytes[random() % bytes.size()]);
        }
    }
    return text;
}

bool is_json_object(std::string_view text) {
    std::string padded(text);
    padded.append(bronze::record_padding, '\0');
    JsonTree tree;
    return tree.read(std::string_view(padded).substr(0, text.size())) == model::ValidationRule::none;
}

void expect_sound(const Item& item, const std::string& text) {
    if (!item.verdict.ok() || !item.ignored.empty()) return;
    const model::Event& event = item.event;
    EXPECT_FALSE(event.event_id.empty()) << text;
    EXPECT_FALSE(event.user_id.empty()) << text;
    EXPECT_FALSE(event.event_type.empty()) << text;
    for (const std::string_view field : {event.event_id, event.user_id, event.event_type,
                                         event.product_id.value_or(""), event.page_url.value_or("")}) {
        EXPECT_TRUE(is_utf8(field)) << text;
        EXPECT_EQ(field.find('\0'), std::string_view::npos) << text;
    }
    if (!event.has_details) return;
    EXPECT_TRUE(is_utf8(event.details.utm_source.value_or(""))) << text;
    const std::string_view properties = event.details.properties.value_or("{}");
    EXPECT_TRUE(is_json_object(properties)) << text << properties;
}

TEST(DecodersProperty, AnyBytesEndAsItemsThatAreSound) {
    SegmentDecoder segment;
    Ga4Decoder ga4;
    std::mt19937 random(7);
    std::vector<Item> items;
    for (int i = 0; i < 60'000; ++i) {
        const std::string text = mutated(std::string(seeds[random() % seeds.size()]), random);
        const std::string shared = mutated(std::string(seeds[5]), random);
        TestMessage sent(text);
        sent.message.origin.shared = shared;
        sent.message.origin.received = random() % 2 == 0 ? "1714564800000" : "x";
        sent.message.origin.path = random() % 8 == 0 ? "/g/collect" : "/v1/t";
        for (MessageDecoder* decoder : std::initializer_list<MessageDecoder*>{&segment, &ga4}) {
            decoder->decode(sent.message, items);
            ASSERT_FALSE(items.empty()) << text;
            for (const Item& item : items) expect_sound(item, text);
        }
    }
}

}  // namespace
}  // namespace millrace::silver
