#include "bronze/segment_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "bronze/test_segment_log.h"

namespace millrace::bronze {
namespace {

namespace fs = std::filesystem;

class SegmentLogTest : public TestWithSegmentLog {};

TEST_F(SegmentLogTest, AppendedRecordsAreReadBackAlsoByANewProcess) {
    const auto log = open();
    EXPECT_EQ(append(*log, {"a", "b"}), Offset(0));
    EXPECT_EQ(append(*log, {"c"}), Offset(2));
    EXPECT_THAT(read_all(*log), testing::ElementsAre("a", "b", "c"));
    EXPECT_THAT(read_all(*open(), Offset(1)), testing::ElementsAre("b", "c"));
}

TEST_F(SegmentLogTest, OffsetsAreFoundByTimestamp) {
    settings_.segments.segment_bytes = 3000;
    const auto log = open();
    for (int i = 0; i < 200; ++i) append(*log, {"v"}, 1000 + i * 10);
    EXPECT_EQ(log->offset_at(0, base::from_ms(0)), Offset(0));
    EXPECT_EQ(log->offset_at(0, base::from_ms(1000)), Offset(0));
    EXPECT_EQ(log->offset_at(0, base::from_ms(1001)), Offset(1));
    EXPECT_EQ(log->offset_at(0, base::from_ms(2500)), Offset(150));
    EXPECT_EQ(log->offset_at(0, base::from_ms(99999)), Offset(200));
}

TEST_F(SegmentLogTest, TheIndexIsOnlyAHint) {
    settings_.segments.segment_bytes = 64 << 20;
    const auto log = open();
    for (int i = 0; i < 40; ++i) append(*log, {std::string(100'000, static_cast<char>('a' + i % 26))});
    const auto index = segment_at(directory_ / "events-0", Offset(0)).index_path();
    ASSERT_GE(fs::file_size(index), sizeof(IndexEntry) * 2);
    EXPECT_EQ(read_all(*open(), Offset(35)).size(), 5U);
    std::ofstream(index, std::ios::binary) << std::string(240, '\x17');
    EXPECT_EQ(read_all(*open(), Offset(35)).size(), 5U);
    fs::remove(index);
    EXPECT_EQ(read_all(*open(), Offset(35)).size(), 5U);
}

TEST_F(SegmentLogTest, CompressedBatchesAreReadBack) {
    for (const Compression codec : {Compression::lz4, Compression::zstd}) {
        settings_.name = std::string(compression_name(codec));
        settings_.segments.compression = codec;
        const auto log = open();
        std::vector<std::string> sent;
        for (int i = 0; i < 50; ++i) sent.push_back(std::string(200, 'x') + std::to_string(i));
        append(*log, sent);
        append(*log, sent);
        EXPECT_EQ(read_all(*log).size(), 100U);
        EXPECT_LT(fs::file_size(segment_at(directory_ / (settings_.name + "-0"), Offset(0)).path), 5000U);
    }
}

}  // namespace
}  // namespace millrace::bronze
