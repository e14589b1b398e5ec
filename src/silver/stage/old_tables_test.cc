#include "silver/stage/old_tables.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace millrace::silver {
namespace {

constexpr int epoch_of_log = 7;
const std::vector<bronze::Offset> log_begins_at = {bronze::Offset(0), bronze::Offset(100)};

/// The bounds of a file's columns. Each is of the column alone: the row with the least offset may be of any
/// partition.
struct Bounds {
    int partition;
    std::int64_t offset;
};

storage::AddFile file_of(const Bounds& least, const Bounds& most, int epoch) {
    const auto values = [&](const Bounds& bounds) {
        return R"({"partition":)" + std::to_string(bounds.partition) + R"(,"offset":)" +
               std::to_string(bounds.offset) + R"(,"log_epoch":)" + std::to_string(epoch) + "}";
    };
    storage::AddFile add;
    add.path = "f";
    add.stats = R"({"numRecords":1,"minValues":)" + values(least) + R"(,"maxValues":)" + values(most) + "}";
    return add;
}

storage::AddFile file_with(int partition, std::int64_t first, std::int64_t last, int epoch = epoch_of_log) {
    return file_of({partition, first}, {partition, last}, epoch);
}

/// A file that both partitions share.
storage::AddFile shared_file(std::int64_t first, std::int64_t last) {
    return file_of({0, first}, {1, last}, epoch_of_log);
}

FileFate silver_fate(const storage::AddFile& add) {
    return fate_of_silver_file(add, epoch_of_log, log_begins_at, "testing");
}

FileFate quarantine_fate(const storage::AddFile& add) {
    return fate_of_quarantine_file(add, epoch_of_log, log_begins_at, "testing");
}

TEST(OldTables, ReplaceSilverFilesThatTheLogHolds) {
    EXPECT_EQ(silver_fate(file_with(0, 0, 9)), FileFate::replaced);
    EXPECT_EQ(silver_fate(file_with(1, 100, 100)), FileFate::replaced);
}

TEST(OldTables, KeepSilverRowsThatTheLogHasRemoved) {
    EXPECT_EQ(silver_fate(file_with(1, 0, 99)), FileFate::kept);
    EXPECT_EQ(silver_fate(file_with(1, 99, 100)), FileFate::split);
}

TEST(OldTables, SplitASharedFileUnlessItIsClearForAllItsPartitions) {
    EXPECT_EQ(silver_fate(shared_file(100, 120)), FileFate::replaced);
    EXPECT_EQ(silver_fate(shared_file(0, 9)), FileFate::split) << "the log may hold those of partition 0";
    EXPECT_EQ(silver_fate(shared_file(50, 120)), FileFate::split);
}

TEST(OldTables, RefuseFilesOfPartitionsThatTheLogDidNotHave) {
    EXPECT_THROW(silver_fate(file_with(2, 0, 9)), Error);
    EXPECT_THROW(quarantine_fate(file_with(2, 0, 9)), Error);
}

TEST(OldTables, KeepSilverFilesOfEarlierTopics) {
    EXPECT_EQ(silver_fate(file_with(0, 0, 9, epoch_of_log - 1)), FileFate::kept);
}

TEST(OldTables, RefuseSilverFilesWhoseStatsDoNotTell) {
    storage::AddFile add;
    add.path = "f";
    EXPECT_THROW(silver_fate(add), Error);
}

TEST(OldTables, KeepOrReplaceWholeQuarantineFiles) {
    EXPECT_EQ(quarantine_fate(file_with(1, 100, 120)), FileFate::replaced);
    EXPECT_EQ(quarantine_fate(file_with(1, 10, 99)), FileFate::kept);
    EXPECT_EQ(quarantine_fate(file_with(0, 0, 9, epoch_of_log - 1)), FileFate::kept);
    EXPECT_THROW(quarantine_fate(file_with(1, 99, 100)), Error);
}

}  // namespace
}  // namespace millrace::silver
