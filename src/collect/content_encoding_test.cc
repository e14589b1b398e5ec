#include "collect/content_encoding.h"

#include <arrow/result.h>
#include <arrow/util/compression.h>
#include <gtest/gtest.h>

#include "collect/bad_body.h"

namespace millrace::collect {
namespace {

using arrow::Compression;
using arrow::util::GZipCodecOptions;
using arrow::util::GZipFormat;

std::string packed(const std::string& text, Compression::type type, GZipFormat format = GZipFormat::GZIP) {
    GZipCodecOptions gzip;
    gzip.gzip_format = format;
    const arrow::util::CodecOptions plain;
    const auto codec =
        arrow::util::Codec::Create(type, type == Compression::GZIP ? gzip : plain).ValueOrDie();
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto size = static_cast<std::int64_t>(text.size());
    std::string out(static_cast<std::size_t>(codec->MaxCompressedLen(size, bytes)), '\0');
    const auto used = codec->Compress(size, bytes, static_cast<std::int64_t>(out.size()),
                                      reinterpret_cast<std::uint8_t*>(out.data()));
    out.resize(static_cast<std::size_t>(used.ValueOrDie()));
    return out;
}

std::string zipped(const std::string& text) {
    return packed(text, Compression::GZIP);
}

TEST(ContentEncoding, EachIsUndoneWhateverItsCase) {
    const std::string text = R"({"a":1})";
    EXPECT_EQ(decode_body(text, "", 100), text);
    EXPECT_EQ(decode_body(text, "identity", 100), text);
    EXPECT_EQ(decode_body(zipped(text), "GZip", 100), text);
    EXPECT_EQ(decode_body(zipped(text), "x-gzip", 100), text);
    EXPECT_EQ(decode_body(packed(text, Compression::GZIP, GZipFormat::ZLIB), "deflate", 100), text);
    EXPECT_EQ(decode_body(packed(text, Compression::GZIP, GZipFormat::DEFLATE), "Deflate", 100), text);
    EXPECT_EQ(decode_body(packed(text, Compression::BROTLI), "br", 100), text);
    EXPECT_EQ(decode_body(packed(text, Compression::ZSTD), "ZSTD", 100), text);
}

TEST(ContentEncoding, SeveralAreUndoneInReverseOrder) {
    const std::string text = R"({"a":1})";
    EXPECT_EQ(decode_body(packed(zipped(text), Compression::BROTLI), "gzip, br", 100), text);
}

TEST(ContentEncoding, StreamsThatFollowEachOtherAreOneBody) {
    EXPECT_EQ(decode_body(zipped(R"({"a":1})") + zipped(R"({"b":2})"), "gzip", 1000), R"({"a":1}{"b":2})");
    EXPECT_EQ(decode_body(packed("a", Compression::ZSTD) + packed("b", Compression::ZSTD), "zstd", 9), "ab");
    const std::string large(300'000, 'x');
    EXPECT_EQ(decode_body(zipped(large), "gzip", large.size()), large);
}

TEST(ContentEncoding, ABombIsRefused) {
    const std::string large(50'000'000, 'x');
    for (const auto& [type, name] :
         {std::pair(Compression::GZIP, "gzip"), {Compression::BROTLI, "br"}, {Compression::ZSTD, "zstd"}}) {
        const std::string bomb = packed(large, type);
        EXPECT_LT(bomb.size(), 100'000U);
        EXPECT_THROW(decode_body(bomb, name, 1'000'000), LargeBody) << name;
    }
}

TEST(ContentEncoding, TruncatedAndOtherDataIsRefused) {
    const std::string text = R"({"a":1})";
    for (const auto& [type, name] :
         {std::pair(Compression::GZIP, "gzip"), {Compression::BROTLI, "br"}, {Compression::ZSTD, "zstd"}}) {
        const std::string whole = packed(text, type);
        for (std::size_t size = 0; size < whole.size(); ++size)
            EXPECT_THROW(decode_body(whole.substr(0, size), name, 1000), BadBody) << name << " " << size;
        EXPECT_THROW(decode_body("not packed at all", name, 1000), BadBody) << name;
    }
    EXPECT_THROW(decode_body(zipped(text) + "rest", "gzip", 1000), BadBody);
}

TEST(ContentEncoding, AnUnknownOneIsNamed) {
    EXPECT_THROW(decode_body("x", "lzma", 1000), UnknownEncoding);
    EXPECT_THROW(decode_body("x", "gzip,gzip,gzip,gzip,gzip", 1000), UnknownEncoding);
}

}  // namespace
}  // namespace millrace::collect
