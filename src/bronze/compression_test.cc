#include "bronze/compression.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace millrace::bronze {
namespace {

class CompressionTest : public testing::TestWithParam<Compression> {
  protected:
    static std::string packed(std::string_view plain) {
        std::string into;
        compress(GetParam(), plain, into);
        return into;
    }
};

TEST_P(CompressionTest, TheContentComesBackUpToTheLimit) {
    // Sizes around the step of 256 KiB in which the content is read.
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{256} << 10U,
                                   (std::size_t{256} << 10U) + 1, std::size_t{1'000'000}}) {
        const std::string plain(size, 'x');
        std::string into = "what was there before";
        EXPECT_TRUE(decompress(GetParam(), packed(plain), size, into)) << size;
        EXPECT_EQ(into, plain);
        if (size > 0) {
            EXPECT_FALSE(decompress(GetParam(), packed(plain), size - 1, into)) << size;
        }
    }
}

TEST_P(CompressionTest, ASmallBatchOfAHugeContentEndsAtTheLimit) {
    const std::string bomb = packed(std::string(50'000'000, '\0'));
    EXPECT_LT(bomb.size(), 1'000'000U);
    std::string into;
    EXPECT_FALSE(decompress(GetParam(), bomb, 1000, into));
    EXPECT_LT(into.size(), 1'000'000U) << "it was decompressed far beyond the limit";
}

TEST_P(CompressionTest, ACutOrLongerBatchIsDamaged) {
    const std::string whole = packed("a batch of records, a batch of records");
    std::string into;
    for (std::size_t cut = 0; cut < whole.size(); ++cut)
        EXPECT_FALSE(decompress(GetParam(), whole.substr(0, cut), 1000, into)) << cut;
    EXPECT_FALSE(decompress(GetParam(), whole + "x", 1000, into));
    EXPECT_FALSE(decompress(GetParam(), whole + whole, 1000, into)) << "two frames are not one batch";
}

TEST_P(CompressionTest, TheCompressedBytesAreAppended) {
    std::string into = "header";
    compress(GetParam(), "records", into);
    EXPECT_EQ(into, "header" + packed("records"));
}

INSTANTIATE_TEST_SUITE_P(Codecs, CompressionTest, testing::Values(Compression::lz4, Compression::zstd),
                         [](const auto& codec) { return std::string(compression_name(codec.param)); });

TEST(CompressionNames, AreThoseThatTheLogCanWrite) {
    EXPECT_EQ(parse_compression("none"), Compression::none);
    EXPECT_EQ(parse_compression("lz4"), Compression::lz4);
    EXPECT_EQ(parse_compression("zstd"), Compression::zstd);
    for (const char* name : {"gzip", "snappy", "LZ4", "zstd ", ""}) {
        try {
            parse_compression(name);
            ADD_FAILURE() << "it was taken: " << name;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), Error::Kind::usage);
        }
    }
}

TEST(CompressionNames, CodecsOfOtherWritersAreNotDecompressed) {
    for (const Compression codec : {Compression::none, Compression::gzip, Compression::snappy}) {
        std::string into = "what was there before";
        EXPECT_FALSE(decompress(codec, "abc", 1000, into)) << compression_name(codec);
        EXPECT_EQ(into, "");
    }
}

}  // namespace
}  // namespace millrace::bronze
