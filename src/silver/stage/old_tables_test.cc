#include "silver/stage/old_tables.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace millrace::silver {
namespace {

constexpr int epoch_of_log = 7;
const std::vector<bronze::Offset> log_begins_at = {bronze::Offset(0), bronze::Offset(100)};

storage::AddFile file_with(int partition, std::int64_t first, std::int64_t last, int epoch = epoch_of_log) {
    const auto values = [&](std::int64_t offset) {
        return R"({"partition":)" + std::to_string(partition) + R"(,"offset":)" + std::to_string(offset) +
               R"(,"log_epoch":)" + std::to_string(epoch) + "}";
    };
    storage::AddFile add;
    add.path = "f";
    add.stats = R"({"numRecords":1,"minValues":)" + values(first) + R"(,"maxValues":)" + values(last) + "}";
    return add;
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
