#include "bronze/high_watermarks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"

namespace millrace::bronze {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class HighWatermarksTest : public testing::Test {
  protected:
    HighWatermarksTest() { fs::remove(path_); }
    ~HighWatermarksTest() override { fs::remove(path_); }

    /// Writes a number into the file, in the machine's byte order.
    void put(std::int64_t at, std::int32_t number) const {
        base::File file(path_, base::File::Mode::read_write);
        file.write_at(at, {reinterpret_cast<const char*>(&number), sizeof number});
    }
    /// Returns the message of the Error that mapping the file throws.
    std::string error_of(const HighWatermarks::Shape& shape) const {
        try {
            const HighWatermarks mapped(path_, shape);
            return "nothing was thrown";
        } catch (const Error& error) {
            return error.what();
        }
    }

    static constexpr std::int64_t partitions_at = 12;  // after the magic and the epoch
    static constexpr HighWatermarks::Shape shape_{.epoch = 7, .partitions = 3};
    const fs::path path_ =
        fs::temp_directory_path() / ("millrace_high_watermarks_test_" + std::to_string(::getpid()));
};

TEST_F(HighWatermarksTest, EveryPartitionOfANewTopicEndsAtZero) {
    HighWatermarks::create(path_, shape_);
    const HighWatermarks mapped(path_, shape_);
    for (int p = 0; p < 3; ++p) {
        EXPECT_TRUE(mapped.knows_end(p));
        EXPECT_EQ(mapped.end(p), Offset(0));
        EXPECT_EQ(mapped.start(p), Offset(0));
    }
    EXPECT_FALSE(mapped.deleted());
}

TEST_F(HighWatermarksTest, AnUnknownEndReadsAsZeroUntilItIsSet) {
    HighWatermarks::create(path_, shape_, HighWatermarks::unknown_end);
    HighWatermarks mapped(path_, shape_);
    EXPECT_FALSE(mapped.knows_end(1));
    EXPECT_EQ(mapped.end(1), Offset(0));
    mapped.set_end(1, Offset(0));
    EXPECT_TRUE(mapped.knows_end(1));
    EXPECT_FALSE(mapped.knows_end(2));
}

TEST_F(HighWatermarksTest, OtherMappingsAndLaterOnesSeeWhatIsSetOfAPartition) {
    HighWatermarks::create(path_, shape_);
    const HighWatermarks reader(path_, shape_);
    {
        HighWatermarks writer(path_, shape_);
        writer.set_end(1, Offset(5'000'000'000));
        writer.set_start(2, Offset(40));
    }
    EXPECT_EQ(reader.end(1), Offset(5'000'000'000));
    EXPECT_EQ(reader.start(1), Offset(0));
    EXPECT_EQ(reader.end(2), Offset(0));
    EXPECT_EQ(HighWatermarks(path_, shape_).start(2), Offset(40));
}

TEST_F(HighWatermarksTest, TheFileOfAnotherTopicIsRefused) {
    HighWatermarks::create(path_, shape_);
    EXPECT_THAT(error_of({.epoch = 8, .partitions = 3}), HasSubstr("does not belong to this topic"));
    EXPECT_THAT(error_of({.epoch = 7, .partitions = 2}), HasSubstr("does not belong to this topic"));
    put(0, 0x12345678);  // the magic
    EXPECT_THAT(error_of(shape_), HasSubstr(path_.string()));
}

TEST_F(HighWatermarksTest, AFileThatIsCutShortIsRefusedWithARemedy) {
    HighWatermarks::create(path_, shape_);
    const auto size = fs::file_size(path_);
    EXPECT_EQ(size, 24U + 3U * 16U);
    for (const std::size_t cut : {size - 1, std::size_t{0}}) {
        fs::resize_file(path_, cut);
        EXPECT_THAT(error_of(shape_), HasSubstr("truncated")) << cut;
        EXPECT_THAT(error_of(shape_), HasSubstr("delete the file")) << cut;
    }
}

TEST_F(HighWatermarksTest, ADeletionIsSeenWhicheverEpochTheFileHas) {
    HighWatermarks::create(path_, shape_);
    const HighWatermarks mapped(path_, shape_);
    HighWatermarks::mark_deleted(path_);
    EXPECT_TRUE(mapped.deleted());
}

TEST_F(HighWatermarksTest, AFileThatCannotBeMappedIsNotMarkedAsDeleted) {
    HighWatermarks::mark_deleted(path_);
    EXPECT_FALSE(fs::exists(path_));
    for (const int partitions : {-1, 0, 4, HighWatermarks::max_partitions + 1}) {  // the file has room for 3
        HighWatermarks::create(path_, shape_);
        put(partitions_at, partitions);
        const std::string before = base::read_file(path_);
        EXPECT_NO_THROW(HighWatermarks::mark_deleted(path_)) << partitions;
        EXPECT_EQ(base::read_file(path_), before) << partitions;
    }
}

TEST_F(HighWatermarksTest, AReaderThatMissedAnAppendDoesNotWait) {
    HighWatermarks::create(path_, shape_);
    HighWatermarks mapped(path_, shape_);
    const auto seen = mapped.counter();
    mapped.set_end(0, Offset(1));
    const base::Stopwatch watch;
    mapped.wait(seen, std::chrono::minutes(1));
    EXPECT_LT(watch.seconds(), 30);
}

TEST_F(HighWatermarksTest, AnAppendAndADeletionWakeTheReaders) {
    HighWatermarks::create(path_, shape_);
    HighWatermarks writer(path_, shape_);
    const HighWatermarks mapped(path_, shape_);
    const auto wait_until = [&](const auto& is_so) {
        for (auto seen = mapped.counter(); !is_so(); seen = mapped.counter())
            mapped.wait(seen, std::chrono::minutes(1));
    };
    const base::Stopwatch watch;
    std::thread reader([&] { wait_until([&] { return mapped.end(2) == Offset(1); }); });
    writer.set_end(2, Offset(1));
    reader.join();
    std::thread other([&] { wait_until([&] { return mapped.deleted(); }); });
    writer.set_deleted();
    other.join();
    EXPECT_LT(watch.seconds(), 30);
}

}  // namespace
}  // namespace millrace::bronze
