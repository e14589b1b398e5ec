#include "produce/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>
#include <string>
#include <vector>

#include "base/error.h"
#include "bronze/record.h"
#include "produce/test_files.h"

namespace millrace::produce {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class LineReaderTest : public FilesTest {
  protected:
    static std::vector<std::string> lines(const fs::path& path) {
        LineReader reader(path);
        std::vector<std::string> read;
        for (std::string_view line; reader.next(line);) read.emplace_back(line);
        return read;
    }
};

/// Returns one member of a gzip file.
std::string gzipped(const std::string& content) {
    z_stream stream{};
    deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string packed(deflateBound(&stream, content.size()), '\0');
    std::string input = content;
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return packed;
}

/// Returns one frame of a zstd file.
std::string zstd_packed(const std::string& content) {
    std::string packed(ZSTD_compressBound(content.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), content.data(), content.size(), 1));
    return packed;
}

TEST_F(LineReaderTest, ALineEndsWithOneLineFeedAndACarriageReturnBeforeIt) {
    EXPECT_THAT(lines(file("a", "a\r\n\nb\rc\n\r\n\r\r\nlast")),
                ElementsAre("a", "", "b\rc", "", "\r", "last"));
    EXPECT_THAT(lines(file("a", "a\n")), ElementsAre("a")) << "nothing follows the end of the last line";
    EXPECT_THAT(lines(file("a", "\n")), ElementsAre(""));
}

TEST_F(LineReaderTest, CountsLinesAndTheBytesOfTheFileAsItIsStored) {
    const std::string packed = zstd_packed("first\n" + std::string(100'000, 'x') + "\nthird");
    LineReader reader(file("a.zst", packed));
    EXPECT_EQ(reader.line_number(), 0);
    std::string_view line;
    while (reader.next(line)) {
    }
    EXPECT_EQ(reader.line_number(), 3);
    EXPECT_FALSE(reader.next(line)) << "the end stays the end";
    EXPECT_EQ(reader.line_number(), 3);
    EXPECT_EQ(reader.bytes_in_all(), static_cast<std::int64_t>(packed.size()));
    EXPECT_EQ(reader.bytes_read(), reader.bytes_in_all());
}

TEST_F(LineReaderTest, ALineMayBeLargerThanTheBuffer) {
    const std::string large(5'000'000, 'x');
    EXPECT_THAT(lines(file("a", "first\n" + large + "\r\nlast\n")), ElementsAre("first", large, "last"));
}

TEST_F(LineReaderTest, ALineThatIsLargerThanARecordMayBeIsAnErrorThatNamesIt) {
    const std::string huge(bronze::max_record_bytes + (1U << 20U), 'x');
    const fs::path path = file("a.zst", zstd_packed("first\n" + huge + "\nlast\n"));
    EXPECT_THAT([&] { lines(path); }, ThrowsMessage<Error>(HasSubstr("line 2 has more than")));
}

TEST_F(LineReaderTest, AFileThatIsMissingIsAnErrorThatNamesIt) {
    EXPECT_THAT([&] { lines(directory_ / "missing.gz"); }, ThrowsMessage<Error>(HasSubstr("missing.gz")));
}

TEST_F(LineReaderTest, LinesOfPlainGzipAndZstdFilesAreTheSame) {
    std::string content;
    std::vector<std::string> expected;
    for (int i = 0; i < 50'000; ++i) {
        expected.push_back("line " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 97), 'x'));
        content += expected.back() + (i % 2 == 0 ? "\n" : "\r\n");
    }
    content += "last without an end";
    expected.emplace_back("last without an end");
    EXPECT_EQ(lines(file("a.csv", content)), expected);
    const gzFile gz = gzopen((directory_ / "a.gz").c_str(), "wb");
    gzwrite(gz, content.data(), static_cast<unsigned>(content.size()));
    gzclose(gz);
    EXPECT_EQ(lines(directory_ / "a.gz"), expected);
    std::string packed(ZSTD_compressBound(content.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), content.data(), content.size(), 1));
    EXPECT_EQ(lines(file("a.zst", packed)), expected);
    EXPECT_THROW(lines(file("cut.zst", packed.substr(0, packed.size() / 2))), Error);
    EXPECT_TRUE(lines(file("empty.csv", "")).empty());
}

TEST_F(LineReaderTest, ZstdFramesFollowEachOther) {
    const std::string two = zstd_packed("first\nsec") + zstd_packed("ond\nthird\n");
    EXPECT_THAT(lines(file("a.zst", two)), ElementsAre("first", "second", "third"));
    EXPECT_THAT([&] { lines(file("a.zst", two.substr(0, two.size() - 1))); },
                ThrowsMessage<Error>(HasSubstr("truncated")));
    EXPECT_THAT([&] { lines(file("a.zst", two + "no frame")); },
                ThrowsMessage<Error>(HasSubstr("damaged at byte")));
    EXPECT_TRUE(lines(file("a.zst", "")).empty());
}

TEST_F(LineReaderTest, GzipMembersFollowEachOtherAndZeroBytesMayFollowThem) {
    const std::string two = gzipped("first\nsec") + gzipped("ond\nthird\n");
    for (const std::size_t zeros : {0U, 1U, 511U, 3'000'000U}) {
        EXPECT_THAT(lines(file("a.gz", two + std::string(zeros, '\0'))),
                    ElementsAre("first", "second", "third"));
    }
    EXPECT_THAT(lines(file("a.gz", gzipped("") + gzipped("first\n") + gzipped(""))), ElementsAre("first"));
    EXPECT_TRUE(lines(file("a.gz", "")).empty());
}

TEST_F(LineReaderTest, ThePackingIsKnownWithoutTheName) {
    EXPECT_THAT(lines(file("a.csv", gzipped("first\nsecond\n"))), ElementsAre("first", "second"));
    EXPECT_THAT(lines(file("a.json", zstd_packed("first\n"))), ElementsAre("first"));
}

TEST_F(LineReaderTest, OtherPackingsAreNamed) {
    using namespace std::string_literals;
    const auto refused = [&](const std::string& content, const char* name) {
        EXPECT_THAT([&] { lines(file("a.csv", content)); }, ThrowsMessage<Error>(HasSubstr(name)));
    };
    refused("PK\x03\x04...", "a zip archive");
    refused("BZh91AY", "bzip2");
    refused("\xFD\x37zXZ\0..."s, "xz");
    refused("PAR1....", "Parquet");
}

TEST_F(LineReaderTest, ManyIncompressibleGzipMembersAreReadAcrossTheBuffers) {
    std::mt19937_64 random(1);
    std::string packed;
    std::vector<std::string> expected;
    for (int member = 0; member < 60; ++member) {
        std::string content;
        for (int line = 0; line < 4000; ++line) {
            expected.push_back(std::to_string(random()));
            content += expected.back() + "\n";
        }
        packed += gzipped(content);
    }
    ASSERT_GT(packed.size(), 2'000'000U);
    EXPECT_EQ(lines(file("a.gz", packed)), expected);
}

TEST_F(LineReaderTest, InvalidGzipMembersAreErrorsThatNameTheByte) {
    const std::string first = gzipped("first\n");
    const std::string second = gzipped("second\n");
    const auto error_of = [&](const std::string& content) -> std::string {
        try {
            lines(file("a.gz", content));
            return "none";
        } catch (const Error& error) {
            return error.what();
        }
    };
    const auto at = [](std::size_t byte) { return testing::HasSubstr("byte " + std::to_string(byte)); };
    for (const std::size_t byte : {0U, 1U, 2U, 3U}) {  // the magic bytes, the method and the flags
        std::string damaged = second;
        damaged[byte] = static_cast<char>(damaged[byte] ^ 0x80);
        EXPECT_THAT(error_of(first + damaged + first), at(first.size())) << byte;
    }
    std::string damaged = second;
    damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 0x01);  // a bit of the CRC
    EXPECT_THAT(error_of(first + damaged), at(first.size()));
    EXPECT_THAT(error_of(first + "garbage"), at(first.size()));
    EXPECT_THAT(error_of(first + std::string(2, '\0') + second), at(first.size() + 2));
    EXPECT_THAT(error_of("no gzip\n"), at(0));
    EXPECT_THAT(error_of(std::string(100, '\0')), at(0));
    for (std::size_t bytes = 1; bytes < second.size(); ++bytes)
        EXPECT_THAT(error_of(first + second.substr(0, bytes)), at(first.size())) << bytes;
}

}  // namespace
}  // namespace millrace::produce
