#include "bronze/segment_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <csignal>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/clock.h"
#include "base/error.h"

namespace millrace::bronze {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class SegmentLogTest : public testing::Test {
  protected:
    SegmentLogTest() {
        fs::remove_all(directory_);
        settings_.name = "events";
        settings_.partitions = 1;
    }
    ~SegmentLogTest() override { fs::remove_all(directory_); }

    std::unique_ptr<SegmentLog> open(LockWait lock_wait = {}) {
        return SegmentLog::open_or_create(directory_, settings_, lock_wait);
    }
    /// Holds the partition's lock, as another process would.
    base::File hold_lock() const {
        base::File held(directory_ / "events-0" / "lock", base::File::Mode::read_write);
        held.lock();
        return held;
    }
    fs::path segment(Offset base = Offset(0)) const { return segment_at(directory_ / "events-0", base).path; }
    fs::path published() const { return directory_ / "topics" / "events.published"; }

    static Offset append(SegmentLog& log, const std::vector<std::string>& values, std::int64_t time = 1000) {
        RecordBatchBuilder batch;
        for (const auto& value : values) batch.add("k", value, base::from_ms(time));
        return log.append(0, batch);
    }
    static std::vector<std::string> read_all(const SegmentLog& log, Offset from = Offset(0)) {
        std::vector<std::string> values;
        const auto reader = log.read(0, from);
        Offset expected = from;
        for (auto records = reader->poll(1000); !records.empty(); records = reader->poll(1000)) {
            for (const Record& record : records) {
                EXPECT_EQ(record.offset, expected++);
                values.emplace_back(record.value);
            }
        }
        return values;
    }
    void flip_bit(std::size_t at) const {
        std::string bytes = base::read_file(segment());
        bytes.at(at) = static_cast<char>(bytes.at(at) ^ 0x10);
        std::ofstream(segment(), std::ios::binary) << bytes;
    }
    /// Returns the message of the Error that opening the log throws, or an empty string if the log opens.
    std::string open_error() {
        try {
            open();
            return {};
        } catch (const Error& error) {
            return error.what();
        }
    }
    /// Takes the published end back, as a power loss does: it is never synced with the segments.
    void publish(Offset end) const {
        const int epoch = TopicCatalog(directory_).find("events")->epoch;
        HighWatermarks file(published(), {.epoch = epoch, .partitions = 1});
        file.set_end(0, end);
    }

    fs::path directory_ = fs::temp_directory_path() / ("millrace_log_test_" + std::to_string(::getpid()));
    TopicSettings settings_;
};

TEST_F(SegmentLogTest, AppendedRecordsAreReadBackAlsoByANewProcess) {
    const auto log = open();
    EXPECT_EQ(append(*log, {"a", "b"}), Offset(0));
    EXPECT_EQ(append(*log, {"c"}), Offset(2));
    EXPECT_THAT(read_all(*log), testing::ElementsAre("a", "b", "c"));
    EXPECT_THAT(read_all(*open(), Offset(1)), testing::ElementsAre("b", "c"));
}

TEST_F(SegmentLogTest, ATornTailIsCutAtEveryByteOfTheLastBatch) {
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

TEST_F(SegmentLogTest, AWholeBatchPastThePublishedEndIsKept) {
    append(*open(), {"a"});
    append(*open(), {"b"});
    publish(Offset(0));  // a power loss does the same
    EXPECT_THAT(read_all(*open()), testing::ElementsAre("a", "b"));
}

TEST_F(SegmentLogTest, AFlippedBitBeforeThePublishedEndIsAnErrorThatNamesFileAndOffset) {
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

TEST_F(SegmentLogTest, DamagePastThePublishedEndIsNotCutWhileWholeBatchesStandBehindIt) {
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

TEST_F(SegmentLogTest, AWholeBatchIsFoundAcrossTheWindowsOfTheSearch) {
    append(*open(), {"first"});
    const std::string batch = base::read_file(segment());
    for (const std::size_t before : {1U, 100U, (1U << 20U) - 60U, (1U << 20U) - 1U, 1U << 20U, 3'000'000U}) {
        std::ofstream(segment(), std::ios::binary) << std::string(before, '\xFF') << batch;
        const auto found = find_whole_batch(base::File(segment(), base::File::Mode::read), 0);
        ASSERT_TRUE(found) << before;
        EXPECT_EQ(found->position, static_cast<std::int64_t>(before));
    }
    std::ofstream(segment(), std::ios::binary)
        << std::string(3'000'000, '\xFF') << batch.substr(0, batch.size() - 1);
    EXPECT_FALSE(find_whole_batch(base::File(segment(), base::File::Mode::read), 0));
}

TEST_F(SegmentLogTest, ALostPublishedFileIsMadeAnewFromTheSegments) {
    append(*open(), {"a", "b"});
    append(*open(), {"c"});
    fs::remove(published());
    const auto log = open();
    EXPECT_EQ(log->offsets(0).end, Offset(3));
    EXPECT_EQ(append(*log, {"d"}), Offset(3));
    EXPECT_THAT(read_all(*log), testing::ElementsAre("a", "b", "c", "d"));
}

TEST_F(SegmentLogTest, ATailThatIsNotWholeIsNotCutWhenThePublishedFileWasLost) {
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

TEST_F(SegmentLogTest, APublishedFileThatIsCutShortNamesARemedyThatCutsNoRecords) {
    for (const char* value : {"first", "second", "third"}) append(*open(), {value});
    const auto size = fs::file_size(segment());
    flip_bit(size / 2);
    fs::resize_file(published(), 10);
    EXPECT_THAT(open_error(), HasSubstr("delete the file"));
    fs::remove(published());
    EXPECT_THAT(open_error(), HasSubstr("damaged at offset 1"));
    EXPECT_EQ(fs::file_size(segment()), size);
}

TEST_F(SegmentLogTest, ALogShorterThanPublishedIsAnError) {
    append(*open(), {"a"});
    append(*open(), {"b"});
    fs::resize_file(segment(), fs::file_size(segment()) / 2);
    EXPECT_THROW(open(), Error);
}

TEST_F(SegmentLogTest, ReadersSeeOnlyWhatIsPublished) {
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

TEST_F(SegmentLogTest, SegmentsRollAndAreReadAcross) {
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

TEST_F(SegmentLogTest, AReaderFollowsWhileSegmentsRoll) {
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

TEST_F(SegmentLogTest, RetentionRemovesTheOldestSegmentsOnly) {
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

TEST_F(SegmentLogTest, RetentionByAgeKeepsYoungSegments) {
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

TEST_F(SegmentLogTest, ThreadsAndProcessesAppendAtOnceWithoutLossOrGap) {
#ifdef __SANITIZE_THREAD__
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

TEST_F(SegmentLogTest, AnAppendGivesUpOnALockThatAnotherProcessHolds) {
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

TEST_F(SegmentLogTest, EveryThreadThatWaitsForTheLockGivesUpInItsOwnTime) {
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

TEST_F(SegmentLogTest, AWaitingThreadAppendsOnceTheLockIsFree) {
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

TEST_F(SegmentLogTest, AStopEndsTheWaitForTheLockButNotAnAppend) {
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

TEST_F(SegmentLogTest, AFullDiskIsAnErrorAndTheLogWorksAfterwards) {
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

TEST_F(SegmentLogTest, ADeletedTopicCannotBeWrittenAndItsNumberingContinues) {
    const auto log = open();
    append(*log, {"a", "b"});
    TopicCatalog catalog(directory_);
    const int epoch = log->epoch();
    catalog.remove("events");
    EXPECT_THROW(append(*log, {"c"}), Error);
    EXPECT_FALSE(catalog.find("events"));
    const auto recreated = open();
    EXPECT_NE(recreated->epoch(), epoch);
    EXPECT_EQ(recreated->offsets(0).end, Offset(0));
    EXPECT_EQ(recreated->records_numbered(), 2);
}

TEST_F(SegmentLogTest, ATopicIsCreatedAfterAKillBetweenTheFilesOfItsCreation) {
    TopicCatalog catalog(directory_);
    append(*open(), {"a"});
    catalog.remove("events");
    for (const int partitions : {1, 3}) {
        // The first file that a creation writes. The second file does not exist.
        HighWatermarks::create(published(), {.epoch = 12345, .partitions = partitions});
        const auto log = open();
        EXPECT_EQ(append(*log, {"b"}), Offset(0));
        EXPECT_THAT(read_all(*log), testing::ElementsAre("b"));
        catalog.remove("events");
    }
    for (const std::size_t bytes : {0U, 10U, 100U}) {
        std::ofstream(published(), std::ios::binary) << std::string(bytes, 'x');
        EXPECT_EQ(append(*open(), {"c"}), Offset(0));
        catalog.remove("events");
    }
}

TEST_F(SegmentLogTest, ACreationMarksTheOldTopicAsDeletedForOpenLogs) {
    const auto log = open();
    append(*log, {"a"});
    // Simulates a kill during a deletion, followed by a creation: neither the settings nor this file were
    // replaced.
    const fs::path settings = directory_ / "topics" / "events.json";
    std::string text = base::read_file(settings);
    const std::string live = "\"deleted\":false";
    text.replace(text.find(live), live.size(), "\"deleted\":true");
    std::ofstream(settings, std::ios::binary) << text;
    EXPECT_EQ(append(*open(), {"b"}), Offset(0));
    EXPECT_THROW(append(*log, {"c"}), Error);
}

TEST_F(SegmentLogTest, ATopicWhosePublishedFileWasLostCanBeDeleted) {
    append(*open(), {"a"});
    fs::remove(published());
    TopicCatalog(directory_).remove("events");
    EXPECT_FALSE(TopicCatalog(directory_).find("events"));
}

TEST_F(SegmentLogTest, BadTopicNamesAreRefused) {
    for (const char* name : {"", "..", "a/b", "a b", "\xC3\xA4"}) {
        settings_.name = name;
        EXPECT_THROW(open(), Error) << name;
    }
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
