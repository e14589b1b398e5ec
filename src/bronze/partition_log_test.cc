#include "bronze/partition_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "bronze/test_segment_log.h"

namespace millrace::bronze {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PartitionLogTest : public TestWithSegmentLog {};

TEST_F(PartitionLogTest, ATornTailIsCutAtEveryByteOfTheLastBatch) {
    append(*open(), {"kept one", "kept two"});
    const auto whole = fs::file_size(segment());
    append(*open(), {"torn"});
    const auto size = fs::file_size(segment());
    const std::string bytes = base::read_file(segment());
    for (auto cut = whole; cut < size; ++cut) {
        publish(Offset(2));
        std::ofstream(segment(), std::ios::binary) << bytes.substr(0, cut);
        const auto log = open();
        ASSERT_EQ(log->offsets(0).end, Offset(2)) << "cut at " << cut;
        ASSERT_EQ(append(*log, {"after"}), Offset(2));
        ASSERT_THAT(read_all(*log), testing::ElementsAre("kept one", "kept two", "after"));
    }
}

TEST_F(PartitionLogTest, AWholeBatchPastThePublishedEndIsKept) {
    append(*open(), {"a"});
    append(*open(), {"b"});
    publish(Offset(0));  // a power loss does the same
    EXPECT_THAT(read_all(*open()), testing::ElementsAre("a", "b"));
}

TEST_F(PartitionLogTest, AFlippedBitBeforeThePublishedEndIsAnErrorThatNamesFileAndOffset) {
    append(*open(), {"first"});
    append(*open(), {"second"});
    std::string bytes = base::read_file(segment());
    for (std::size_t at = 8; at < bytes.size(); ++at) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
        std::ofstream(segment(), std::ios::binary) << damaged;
        const bool unused =
            (at % (bytes.size() / 2)) >= 12 && (at % (bytes.size() / 2)) < 16;  // the leader epoch
        if (unused) continue;
        try {
            read_all(*open());
            FAIL() << "byte " << at;
        } catch (const Error& error) {
            EXPECT_THAT(error.what(), HasSubstr(segment().filename().string())) << at;
            EXPECT_THAT(error.what(), HasSubstr("offset")) << at;
        }
    }
}

TEST_F(PartitionLogTest, DamagePastThePublishedEndIsNotCutWhileWholeBatchesStandBehindIt) {
    append(*open(), {"first"});
    const std::size_t first = fs::file_size(segment());
    append(*open(), {"second"});
    const std::size_t second = fs::file_size(segment());
    append(*open(), {"third"});
    const std::string whole = base::read_file(segment());
    for (std::size_t at = first; at < second; ++at) {
        if (at >= first + 12 && at < first + 16) continue;  // the leader epoch, which is unused
        publish(Offset(1));                                 // a power loss does the same
        std::ofstream(segment(), std::ios::binary) << whole;
        flip_bit(at);
        const std::string error = open_error();
        ASSERT_THAT(error, HasSubstr(segment().string())) << at;
        ASSERT_THAT(error, HasSubstr("damaged at offset 1")) << at;
        ASSERT_THAT(error, HasSubstr("keep a copy")) << at;
        ASSERT_EQ(fs::file_size(segment()), whole.size()) << at;
    }
    fs::resize_file(segment(), first);  // does what the message says
    const auto log = open();
    EXPECT_EQ(append(*log, {"after"}), Offset(1));
    EXPECT_THAT(read_all(*log), testing::ElementsAre("first", "after"));
}

TEST_F(PartitionLogTest, ALostPublishedFileIsMadeAnewFromTheSegments) {
    append(*open(), {"a", "b"});
    append(*open(), {"c"});
    fs::remove(published());
    const auto log = open();
    EXPECT_EQ(log->offsets(0).end, Offset(3));
    EXPECT_EQ(append(*log, {"d"}), Offset(3));
    EXPECT_THAT(read_all(*log), testing::ElementsAre("a", "b", "c", "d"));
}

TEST_F(PartitionLogTest, ATailThatIsNotWholeIsNotCutWhenThePublishedFileWasLost) {
    append(*open(), {"first"});
    const auto first = fs::file_size(segment());
    append(*open(), {"acknowledged"});
    const auto size = fs::file_size(segment());
    flip_bit(size - 3);
    fs::remove(published());
    for (int attempt = 0; attempt < 2; ++attempt) {
        EXPECT_THAT(open_error(), HasSubstr("damaged at offset 1"));
        EXPECT_EQ(fs::file_size(segment()), size);
    }
    fs::resize_file(segment(), first);
    EXPECT_EQ(open()->offsets(0).end, Offset(1));
}

TEST_F(PartitionLogTest, APublishedFileThatIsCutShortNamesARemedyThatCutsNoRecords) {
    for (const char* value : {"first", "second", "third"}) append(*open(), {value});
    const auto size = fs::file_size(segment());
    flip_bit(size / 2);
    fs::resize_file(published(), 10);
    EXPECT_THAT(open_error(), HasSubstr("delete the file"));
    fs::remove(published());
    EXPECT_THAT(open_error(), HasSubstr("damaged at offset 1"));
    EXPECT_EQ(fs::file_size(segment()), size);
}

TEST_F(PartitionLogTest, ALogShorterThanPublishedIsAnError) {
    append(*open(), {"a"});
    append(*open(), {"b"});
    fs::resize_file(segment(), fs::file_size(segment()) / 2);
    EXPECT_THROW(open(), Error);
}

TEST_F(PartitionLogTest, SegmentsRollAndAreReadAcross) {
    settings_.segments.segment_bytes = 500;
    const auto log = open();
    std::vector<std::string> sent;
    for (int i = 0; i < 100; ++i) {
        sent.push_back("value " + std::to_string(i));
        append(*log, {sent.back()});
    }
    EXPECT_GT(list_segments(directory_ / "events-0").size(), 10U);
    EXPECT_EQ(read_all(*log), sent);
    EXPECT_EQ(read_all(*open(), Offset(57)), std::vector(sent.begin() + 57, sent.end()));
}

TEST_F(PartitionLogTest, RetentionRemovesTheOldestSegmentsOnly) {
    settings_.segments.segment_bytes = 1000;
    settings_.segments.retention_bytes = 5000;
    const auto log = open();
    for (int i = 0; i < 300; ++i) append(*log, {std::string(50, 'x')});
    const auto held = log->offsets(0);
    EXPECT_GT(held.start, Offset(0));
    EXPECT_EQ(held.end, Offset(300));
    EXPECT_EQ(read_all(*log, held.start).size(), static_cast<std::size_t>(held.end - held.start));
    EXPECT_THROW(static_cast<void>(log->read(0, held.start - 1)), Error);
}

TEST_F(PartitionLogTest, RetentionByAgeKeepsYoungSegments) {
    settings_.segments.segment_bytes = 300;
    settings_.segments.retention = std::chrono::hours(1);
    const auto log = open();
    for (int i = 0; i < 20; ++i) append(*log, {"old"}, 1000);
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    for (int i = 0; i < 20; ++i) append(*log, {"young"}, now);
    const auto values = read_all(*log, log->offsets(0).start);
    EXPECT_EQ(std::ranges::count(values, "young"), 20);
    EXPECT_LT(std::ranges::count(values, "old"), 10);
}

TEST_F(PartitionLogTest, ThreadsAndProcessesAppendAtOnceWithoutLossOrGap) {
#ifdef MILLRACE_THREAD_SANITIZED
    GTEST_SKIP() << "ThreadSanitizer does not follow threads in forked processes";
#endif
    open();
    constexpr int processes = 3;
    constexpr int threads = 3;
    constexpr int batches = 150;
    std::vector<pid_t> children;
    for (int p = 0; p < processes; ++p) {
        const pid_t child = ::fork();
        if (child == 0) {
            const auto log = open();
            std::vector<std::thread> writers;
            for (int t = 0; t < threads; ++t) {
                writers.emplace_back([&, t] {
                    for (int b = 0; b < batches; ++b)
                        append(*log, {std::to_string(p) + "/" + std::to_string(t) + "/" + std::to_string(b)});
                });
            }
            for (auto& writer : writers) writer.join();
            ::_exit(0);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    auto values = read_all(*open());
    EXPECT_EQ(values.size(), static_cast<std::size_t>(processes * threads * batches));
    std::ranges::sort(values);
    EXPECT_EQ(std::ranges::adjacent_find(values), values.end());
}

TEST_F(PartitionLogTest, AnAppendGivesUpOnALockThatAnotherProcessHolds) {
    const auto log = open({.limit = std::chrono::milliseconds(50)});
    {
        const auto held = hold_lock();
        try {
            append(*log, {"a"});
            FAIL() << "appended while another process held the lock";
        } catch (const Error& error) {
            EXPECT_THAT(error.what(), HasSubstr("another process holds"));
            EXPECT_THAT(error.what(), HasSubstr((directory_ / "events-0").string()));
        }
    }
    EXPECT_EQ(append(*log, {"b"}), Offset(0));
    EXPECT_THAT(read_all(*log), testing::ElementsAre("b"));
}

TEST_F(PartitionLogTest, EveryThreadThatWaitsForTheLockGivesUpInItsOwnTime) {
    constexpr double limit_seconds = 1;
    const auto log = open({.limit = std::chrono::seconds(1)});
    const auto held = hold_lock();
    const base::Stopwatch watch;
    std::vector<std::thread> writers;
    for (int t = 0; t < 8; ++t) {
        writers.emplace_back([&] { EXPECT_THROW(append(*log, {"a"}), Error); });
    }
    for (auto& writer : writers) writer.join();
    EXPECT_LT(watch.seconds(), 2 * limit_seconds) << "the threads waited one after another";
}

TEST_F(PartitionLogTest, AWaitingThreadAppendsOnceTheLockIsFree) {
    const auto log = open();
    std::vector<std::thread> writers;
    {
        const auto held = hold_lock();
        for (int t = 0; t < 8; ++t) writers.emplace_back([&] { append(*log, {"a"}); });
        EXPECT_EQ(log->offsets(0).end, Offset(0));
    }
    for (auto& writer : writers) writer.join();
    EXPECT_EQ(read_all(*log).size(), 8U);
}

TEST_F(PartitionLogTest, AStopEndsTheWaitForTheLockButNotAnAppend) {
    base::StopSignal stop;
    const auto log = open({.limit = std::chrono::hours(1), .stop = &stop});
    {
        const auto held = hold_lock();
        std::thread writer([&] { EXPECT_THROW(append(*log, {"before the stop"}), Error); });
        stop.request();
        writer.join();
        EXPECT_THROW(append(*log, {"after the stop"}), Error);
    }
    EXPECT_EQ(append(*log, {"what was gathered"}), Offset(0));
}

TEST_F(PartitionLogTest, AFullDiskIsAnErrorAndTheLogWorksAfterwards) {
    const auto log = open();
    append(*log, {"before"});
    rlimit old{};
    ::getrlimit(RLIMIT_FSIZE, &old);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit tight{fs::file_size(segment()) + 50, old.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &tight);
    EXPECT_THROW(append(*log, {std::string(500, 'x')}), Error);
    ::setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, handler);
    EXPECT_EQ(append(*log, {"after"}), Offset(1));
    EXPECT_THAT(read_all(*open()), testing::ElementsAre("before", "after"));
}

TEST_F(PartitionLogTest, AMessageThatHoldsABatchDoesNotHinderRecovery) {
    append(*open(), {"before"});
    RecordBatchBuilder forged;
    forged.add("k", "forged", base::from_ms(1000));
    const std::string batch(forged.finish());
    {
        std::ofstream torn(segment(), std::ios::binary | std::ios::app);
        torn << std::string(100, 'x') << batch << "the rest of a write that power loss cut";
    }
    EXPECT_THAT(read_all(*open()), testing::ElementsAre("before"));
}

TEST_F(PartitionLogTest, ASegmentIsClosedOnlyByABatchThatWouldExceedItsSize) {
    RecordBatchBuilder batch;
    batch.add("k", "a", base::from_ms(1000));
    settings_.segments.segment_bytes = 2 * static_cast<std::int64_t>(batch.finish().size());
    const auto log = open();
    for (const char* value : {"a", "b", "c"}) append(*log, {value});
    const auto segments = list_segments(directory_ / "events-0");
    ASSERT_EQ(segments.size(), 2U);
    EXPECT_EQ(segments.back().base, Offset(2));
}

TEST_F(PartitionLogTest, ASegmentIsClosedOnlyByABatchThatIsYoungerByMoreThanItsAge) {
    settings_.segments.segment_age = std::chrono::hours(1);
    const auto log = open();
    constexpr std::int64_t first = 1000;
    append(*log, {"a"}, first);
    append(*log, {"b"}, first + 3'600'000);
    EXPECT_EQ(list_segments(directory_ / "events-0").size(), 1U);
    append(*log, {"c"}, first + 3'600'001);
    const auto segments = list_segments(directory_ / "events-0");
    ASSERT_EQ(segments.size(), 2U);
    EXPECT_EQ(segments.back().base, Offset(2));
}

TEST_F(PartitionLogTest, ALogWhoseSegmentsAreGoneIsNotBegunAnew) {
    append(*open(), {"a"});
    fs::remove(segment());
    EXPECT_THAT(open_error(), HasSubstr("no segment is left, but 1 records were synced"));
    EXPECT_FALSE(fs::exists(segment()));
}

}  // namespace
}  // namespace millrace::bronze
