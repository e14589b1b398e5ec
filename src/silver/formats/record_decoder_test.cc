#include "silver/formats/record_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::silver {
namespace {

/// A record with padding after its value, and the decoder's items of it.
class RecordDecoderTest : public testing::Test {
  protected:
    std::span<Item> decode(RecordDecoder& decoder, const std::string& message,
                           const bronze::Origin& origin = {}, std::int64_t offset = 7) {
        text_ = message + std::string(bronze::record_padding, '\0');
        const bronze::Record record{.offset = bronze::Offset(offset),
                                    .timestamp = {},
                                    .key = {},
                                    .value = std::string_view(text_).substr(0, message.size()),
                                    .headers = {}};
        return decoder.decode(record, origin, {.topic = "t", .epoch = 1, .partition = 2});
    }

    const std::string native_ =
        R"({"user_id":"u","event_type":"page_view","timestamp":"2026-01-01T00:00:00Z"})";
    const std::string segment_ =
        R"({"type":"page","anonymousId":"a","messageId":"m","timestamp":"2026-01-01T00:00:00Z"})";
    std::string text_;
};

TEST_F(RecordDecoderTest, TheShapeTellsTheFormatWhereNothingElseDoes) {
    RecordDecoder decoder;
    EXPECT_TRUE(decode(decoder, native_).front().verdict.ok());
    EXPECT_EQ(decoder.format(), "native");
    EXPECT_EQ(decode(decoder, segment_).front().event.event_type, "page_view");
    EXPECT_EQ(decoder.format(), "segment");
}

TEST_F(RecordDecoderTest, TheLogsFormatComesBeforeTheShapeAndTheHeaderBeforeBoth) {
    RecordDecoder native("native");
    EXPECT_FALSE(decode(native, segment_).front().verdict.ok());
    EXPECT_EQ(decode(native, segment_, {.format = "segment"}).front().event.user_id, "a");
    RecordDecoder segment("segment");
    decode(segment, native_);
    EXPECT_EQ(segment.format(), "segment");
    EXPECT_TRUE(decode(segment, native_, {.format = "native"}).front().verdict.ok());
}

TEST_F(RecordDecoderTest, AutoAndAnUnknownHeaderLeaveItToTheShape) {
    RecordDecoder decoder("auto");
    EXPECT_EQ(decode(decoder, segment_, {.format = "of tomorrow"}).front().event.user_id, "a");
}

TEST_F(RecordDecoderTest, AnEventWithoutAnIdHasOneOfItsPositionOrOfItsRequest) {
    RecordDecoder decoder;
    const auto id_of = [&](const bronze::Origin& origin, std::int64_t offset) {
        return std::string(decode(decoder, native_, origin, offset).front().event.event_id);
    };
    const std::string here = id_of({}, 7);
    EXPECT_EQ(id_of({}, 7), here);
    EXPECT_NE(id_of({}, 8), here);
    EXPECT_EQ(id_of({.replayed = "t/1/2/7"}, 99), here) << "a corrected record keeps the id";
    const bronze::Origin request{.source = "shop", .request = "r1", .place = "0"};
    EXPECT_EQ(id_of(request, 7), id_of(request, 8)) << "the request was sent twice";
    EXPECT_NE(id_of(request, 7), here);
}

}  // namespace
}  // namespace millrace::silver
