#include "silver/fast_path_decoder.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "bronze/record.h"
#include "silver/decoder.h"

namespace millrace::silver {
namespace {

using model::Event;

std::string padded(std::string json) {
    json.append(bronze::record_padding, '\0');
    return json;
}

bool fast_path_reads(const std::string& json, Event& event) {
    static FastPathDecoder reader;
    static std::string text;
    text = padded(json);
    return reader.read(std::string_view(text).substr(0, json.size()), event);
}

bool fast_path_reads(const std::string& json) {
    Event event;
    return fast_path_reads(json, event);
}

bool same(const Event& a, const Event& b) {
    return a.event_id == b.event_id && a.user_id == b.user_id && a.event_type == b.event_type &&
           a.timestamp == b.timestamp && a.product_id == b.product_id && a.session_id == b.session_id &&
           a.product_category == b.product_category && a.device_type == b.device_type &&
           a.page_url == b.page_url && a.price == b.price && a.quantity == b.quantity &&
           a.order_id == b.order_id && a.currency == b.currency;
}

constexpr const char* compact =
    R"({"event_id":"e1","user_id":"u1","event_type":"view","timestamp":"2019-10-01T00:00:00Z","product_id":"p1","price":9.50,"session_id":null,"product_category":"caf)"
    "\xC3\xA9"
    R"(","device_type":"mobile","page_url":"https://shop.example/p/1?a=b","quantity":2,"order_id":"o1","currency":"USD"})";
constexpr const char* spaced =
    R"({"user_id": "u1", "event_id": "e1", "app": "ios", "build": 12, "timestamp": "2019-10-01T00:00:00.5Z", "event_type": "page_view"})";

TEST(FastPathDecoder, ReadsWhatProducersWrite) {
    EXPECT_TRUE(fast_path_reads(compact));
    EXPECT_TRUE(fast_path_reads(spaced));
}

TEST(FastPathDecoder, LeavesOtherRecordsToTheParser) {
    const std::string head =
        R"({"event_id":"e","user_id":"u","event_type":"x","timestamp":"2019-10-01T00:00:00Z",)";
    EXPECT_TRUE(fast_path_reads(head + R"("price":123456789012.345})"));
    for (const char* tail : {R"("price":1e2})",
                             R"("price":-1})",
                             R"("price":01})",
                             R"("price":1.})",
                             R"("price":.5})",
                             R"("price":1234567890123.456})",
                             R"("price":"1"})",
                             R"("quantity":0})",
                             R"("quantity":1.5})",
                             R"("quantity":1000001})",
                             R"("session_id":"a\u0062"})",
                             R"("session_id":nulL})",
                             "\"session_id\":\"\xFF\"}",
                             "\"session_id\":\"a\tb\"}",
                             R"("user_id":"v"})",
                             R"("x":{}})",
                             R"("x":true})",
                             R"("x" :1})",
                             R"("x":1,})",
                             R"("x":1}})",
                             R"("x":1} )",
                             R"("x":1)",
                             R"("x":"1)"}) {
        EXPECT_FALSE(fast_path_reads(head + tail)) << tail;
    }
    EXPECT_FALSE(fast_path_reads(""));
    EXPECT_FALSE(fast_path_reads("{}"));
    EXPECT_FALSE(fast_path_reads("{"));
}

TEST(FastPathDecoder, EndsAtTheEndOfTheRecordWhateverFollows) {
    const std::string json = compact;
    for (std::size_t size = 0; size < json.size(); ++size) {
        // The bytes after the cut record are those of the whole record.
        FastPathDecoder reader;
        Event event;
        const std::string text = padded(json);
        ASSERT_FALSE(reader.read(std::string_view(text).substr(0, size), event)) << size;
    }
}

/// White space at the start makes the decoder use its full parser, which is the oracle.
TEST(FastPathDecoder, AgreesWithTheParserOnMutatedRecords) {
    std::mt19937 random(7);
    Decoder decoder;
    constexpr std::string_view bytes =
        "\"\\{}[]:, 0123456789.eE+-nulltrue\n\t\0\x1f\x7f\xC3\xA9\xFF"
        "aZ_";
    int plain = 0;
    for (int i = 0; i < 400'000; ++i) {
        std::string json = i % 2 == 0 ? compact : spaced;
        for (auto edits = 1 + random() % 2; edits > 0; --edits) {
            const std::size_t at = random() % json.size();
            const char byte = bytes[random() % bytes.size()];
            switch (random() % 4) {
                case 0:
                    json.insert(at, 1, byte);
                    break;
                case 1:
                    json.erase(at, 1 + random() % 3);
                    break;
                case 2:
                    json.insert(at, json.substr(random() % json.size(), random() % 40));
                    break;
                default:
                    json[at] = byte;
            }
            if (json.empty()) json = "{";
        }
        Event event;
        if (!fast_path_reads(json, event)) continue;
        ++plain;
        const std::string text = padded("\n" + json);
        Event parsed;
        ASSERT_TRUE(decoder.decode(std::string_view(text).substr(0, json.size() + 1), parsed).ok()) << json;
        ASSERT_TRUE(same(event, parsed)) << json;
    }
    EXPECT_GT(plain, 50'000);
}

}  // namespace
}  // namespace millrace::silver
