#include "bronze/segment_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "bronze/test_segment_log.h"

namespace millrace::bronze {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class SegmentReaderTest : public TestWithSegmentLog {
  protected:
    /// Returns the message of the Error that reading the log from its start throws.
    static std::string poll_error(const SegmentLog& log) {
        try {
            log.read(0, Offset(0))->poll(1 << 20);
            return "nothing was thrown";
        } catch (const Error& error) {
            return error.what();
        }
    }
};

TEST_F(SegmentReaderTest, ReadersSeeOnlyWhatIsPublished) {
    const auto log = open();
    append(*log, {"a"});
    RecordBatchBuilder batch;
    batch.add("k", "unsynced", base::from_ms(1000));
    std::string bytes(batch.finish());
    bytes[7] = 1;  // base offset
    std::ofstream(segment(), std::ios::binary | std::ios::app) << bytes;
    EXPECT_THAT(read_all(*log), testing::ElementsAre("a"));
    const auto reader = log->read(0, Offset(0));
    reader->poll(1 << 20);
    fs::resize_file(segment(), fs::file_size(segment()) - bytes.size());
    append(*log, {"synced"});
    const auto records = reader->poll(1 << 20);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].value, "synced") << "the reader kept bytes from before the cut";
}

TEST_F(SegmentReaderTest, AReaderThatRetentionOvertakesSaysWhatTheLogHolds) {
    settings_.segments.segment_bytes = 1000;
    settings_.segments.retention_bytes = 5000;
    const auto log = open();
    append(*log, {"first"});
    const auto late = log->read(0, Offset(0));
    const auto within = log->read(0, Offset(0));
    ASSERT_FALSE(within->poll(1 << 20).empty());
    for (int i = 0; i < 300; ++i) append(*log, {std::string(50, 'x')});
    ASSERT_GT(log->offsets(0).start, Offset(1));
    EXPECT_THROW(late->poll(1 << 20), NoSuchOffset);
    EXPECT_THROW(
        {
            while (!within->poll(1 << 20).empty()) {
            }
        },
        NoSuchOffset);
}

TEST_F(SegmentReaderTest, AReaderFollowsWhileSegmentsRoll) {
    settings_.segments.segment_bytes = 2000;
    const auto log = open();
    constexpr int count = 3000;
    std::thread writer([&] {
        for (int i = 0; i < count; ++i) append(*log, {std::to_string(i)});
    });
    const auto reader = log->read(0, Offset(0));
    int next = 0;
    while (next < count) {
        const auto seen = log->append_sequence();
        const auto records = reader->poll(700);
        for (const Record& record : records) ASSERT_EQ(record.value, std::to_string(next++));
        if (records.empty()) log->wait_for_append(seen, std::chrono::seconds(5));
    }
    writer.join();
}

TEST_F(SegmentReaderTest, AnOffsetThatTheLogDoesNotHoldIsRefused) {
    const auto log = open();
    append(*log, {"a", "b"});
    EXPECT_TRUE(log->read(0, Offset(2))->poll(1 << 20).empty());
    EXPECT_THROW(static_cast<void>(log->read(0, Offset(3))), NoSuchOffset);
    EXPECT_THROW(static_cast<void>(log->read(0, Offset(-1))), NoSuchOffset);
}

TEST_F(SegmentReaderTest, AReaderMayBeginWithinABatch) {
    const auto log = open();
    append(*log, {"a", "b", "c"});
    append(*log, {"d"});
    const auto reader = log->read(0, Offset(1));
    const auto records = reader->poll(1 << 20);
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[0].offset, Offset(1));
    EXPECT_EQ(records[2].value, "d");
    EXPECT_EQ(reader->next_offset(), Offset(4));
}

TEST_F(SegmentReaderTest, APollReturnsARecordThatIsLargerThanItsLimit) {
    const auto log = open();
    append(*log, {std::string(5000, 'x')});
    append(*log, {std::string(5000, 'y')});
    const auto reader = log->read(0, Offset(0));
    EXPECT_EQ(reader->poll(1).size(), 1U);
    const auto records = reader->poll(1);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].value, std::string(5000, 'y'));
}

TEST_F(SegmentReaderTest, DamageIsAnErrorThatNamesFileAndOffset) {
    const auto log = open();
    append(*log, {"first"});
    append(*log, {"second"});
    flip_bit(fs::file_size(segment()) - 3);  // within the second value
    EXPECT_THAT(poll_error(*log), HasSubstr(segment().string() + " at offset 1"));
    EXPECT_THAT(poll_error(*log), HasSubstr("fails its CRC"));
}

TEST_F(SegmentReaderTest, ASegmentThatEndsWithinASyncedBatchIsAnError) {
    const auto log = open();
    append(*log, {"a"});
    fs::resize_file(segment(), fs::file_size(segment()) - 1);
    EXPECT_THAT(poll_error(*log), HasSubstr("the segment ends within a record batch that was synced"));
}

TEST_F(SegmentReaderTest, ABatchThatDoesNotContinueTheOffsetsIsAnError) {
    const auto log = open();
    append(*log, {"a"});
    append(*log, {"b"});
    std::string bytes = base::read_file(segment());
    bytes.at(bytes.size() / 2 + 7) = 5;  // the last byte of the second batch's base offset, which was 1
    std::ofstream(segment(), std::ios::binary) << bytes;
    EXPECT_THAT(poll_error(*log), HasSubstr("does not continue the offsets"));
}

TEST_F(SegmentReaderTest, AReaderAtTheEndOfADeletedTopicEnds) {
    const auto log = open();
    append(*log, {"a"});
    const auto reader = log->read(0, Offset(1));
    EXPECT_TRUE(reader->poll(1 << 20).empty());
    TopicCatalog(directory_).remove("events");
    EXPECT_THROW(reader->poll(1 << 20), Error);
}

}  // namespace
}  // namespace millrace::bronze
