#include "bronze/segment.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "bronze/test_segment_log.h"

namespace millrace::bronze {
namespace {

namespace fs = std::filesystem;

class SegmentTest : public TestWithSegmentLog {
  protected:
    /// The epoch of the log that open() has created.
    LeaderEpochs epochs() {
        const int epoch = open()->epoch();
        return {epoch, epoch};
    }
};

TEST_F(SegmentTest, AWholeBatchIsFoundAcrossTheWindowsOfTheSearch) {
    append(*open(), {"first"});
    const LeaderEpochs own = epochs();
    const std::string batch = base::read_file(segment());
    for (const std::size_t before : {1U, 100U, (1U << 20U) - 60U, (1U << 20U) - 1U, 1U << 20U, 3'000'000U}) {
        std::ofstream(segment(), std::ios::binary) << std::string(before, '\xFF') << batch;
        const auto found = find_whole_batch(base::File(segment(), base::File::Mode::read), 0, own);
        ASSERT_TRUE(found) << before;
        EXPECT_EQ(found->position, static_cast<std::int64_t>(before));
    }
    std::ofstream(segment(), std::ios::binary)
        << std::string(3'000'000, '\xFF') << batch.substr(0, batch.size() - 1);
    EXPECT_FALSE(find_whole_batch(base::File(segment(), base::File::Mode::read), 0, own));
}

TEST_F(SegmentTest, ABatchOfAnotherEpochIsNotFound) {
    append(*open(), {"first"});
    const base::File file(segment(), base::File::Mode::read);
    EXPECT_TRUE(find_whole_batch(file, 0, epochs()));
    EXPECT_FALSE(find_whole_batch(file, 0, {0, 0})) << "a sender who forges a batch does not know the epoch";
}

TEST_F(SegmentTest, OnlyFilesWithTheNameOfASegmentAreListedByOffset) {
    const fs::path folder = directory_ / "listed";
    EXPECT_TRUE(list_segments(folder).empty()) << "there is no such folder";
    fs::create_directories(folder);
    for (const char* name :
         {"00000000000000000100.log", "00000000000000000020.log", "00000000000000000030.idx", "30.log",
          "0000000000000000003x.log", "00000000000000000030.log.1", "lock"})
        std::ofstream(folder / name) << "x";
    const auto segments = list_segments(folder);
    ASSERT_EQ(segments.size(), 2U);
    EXPECT_EQ(segments[0].base, Offset(20));
    EXPECT_EQ(segments[1].base, Offset(100));
}

TEST_F(SegmentTest, AnIndexIsReadUpToItsFirstEntryThatCannotBe) {
    fs::create_directories(directory_);
    const Segment segment = segment_at(directory_, Offset(100));
    const auto read = [&](const std::vector<IndexEntry>& entries) {
        fs::remove(segment.index_path());
        for (const IndexEntry& entry : entries) append_index(segment, entry);
        return read_index(segment, 1000).size();
    };
    EXPECT_EQ(read({}), 0U);
    EXPECT_EQ(read({{Offset(110), 10, {}}, {Offset(120), 999, {}}}), 2U);
    EXPECT_EQ(read({{Offset(110), 10, {}}, {Offset(120), 1000, {}}}), 1U) << "past the end of the log";
    EXPECT_EQ(read({{Offset(110), 10, {}}, {Offset(110), 20, {}}, {Offset(120), 30, {}}}), 1U);
    EXPECT_EQ(read({{Offset(110), 10, {}}, {Offset(120), 10, {}}}), 1U);
    EXPECT_EQ(read({{Offset(99), 10, {}}}), 0U) << "before the segment";
}

TEST_F(SegmentTest, ATornIndexEntryIsOverwritten) {
    fs::create_directories(directory_);
    const Segment segment = segment_at(directory_, Offset(0));
    append_index(segment, {Offset(10), 100, {}});
    std::ofstream(segment.index_path(), std::ios::binary | std::ios::app) << "torn";
    append_index(segment, {Offset(20), 200, {}});
    const auto entries = read_index(segment, 1000);
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[1].offset, Offset(20));
}

TEST_F(SegmentTest, TheEntryBeforeAnOffsetIsTheLastOneThatIsNotAfterIt) {
    const Segment segment = segment_at(directory_, Offset(100));
    const std::vector<IndexEntry> entries = {{Offset(110), 10, {}}, {Offset(120), 20, {}}};
    EXPECT_EQ(entry_before(entries, segment, Offset(109)).offset, Offset(100));
    EXPECT_EQ(entry_before(entries, segment, Offset(109)).position, 0);
    EXPECT_EQ(entry_before(entries, segment, Offset(110)).position, 10);
    EXPECT_EQ(entry_before(entries, segment, Offset(119)).position, 10);
    EXPECT_EQ(entry_before(entries, segment, Offset(500)).position, 20);
}

}  // namespace
}  // namespace millrace::bronze
