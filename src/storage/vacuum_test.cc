#include "storage/vacuum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <shared_mutex>
#include <thread>

#include "base/clock.h"
#include "storage/test_table.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;

class VacuumTest : public TableTest {
  protected:
    /// A file that was committed, and whose removal was committed so long ago.
    AddFile removed(DeltaTable& table, std::chrono::hours ago) {
        const AddFile add = write(0, 10);
        table.commit(adding(add), proceed);
        table.commit(removing(add, base::wall_time() - ago), proceed);
        return add;
    }
    [[nodiscard]] bool exists(const AddFile& add) const { return fs::exists(root_ / add.path); }
};

TEST_F(VacuumTest, AFileThatWasRemovedIsKeptForTheRetention) {
    DeltaTable table = open();
    const AddFile older = removed(table, hours(3));
    const AddFile newer = removed(table, hours(1));
    age(newer, hours(100));  // it was written long ago
    EXPECT_EQ(vacuum(table, {.retention = hours(2), .orphan_age = hours(24)}, false).files, 1);
    EXPECT_FALSE(exists(older)) << "it does not matter that it is young itself";
    EXPECT_TRUE(exists(newer));
}

TEST_F(VacuumTest, AFileThatACheckpointNamesAsRemovedIsNoAbandonedOne) {
    DeltaTable table = open();
    const AddFile add = removed(table, hours(3));
    table.checkpoint();
    DeltaTable reopened = DeltaTable::open(root_);
    const auto report = vacuum(reopened, {.retention = hours(2), .orphan_age = hours(24)}, false);
    EXPECT_EQ(report.files, 1);
    EXPECT_EQ(report.kept_young, 0);
    EXPECT_FALSE(exists(add));
}

TEST_F(VacuumTest, AFileThatNoCommitNamesIsKeptWhileItsWriterMayRun) {
    DeltaTable table = open();
    const AddFile young = write(0, 10);
    const AddFile old = write(10, 20);
    age(young, hours(1));
    age(old, hours(3));
    const auto report = vacuum(table, {.retention = hours(0), .orphan_age = hours(2)}, false);
    EXPECT_EQ(report.files, 1);
    EXPECT_EQ(report.kept_young, 1);
    EXPECT_TRUE(exists(young));
    EXPECT_FALSE(exists(old));
}

TEST_F(VacuumTest, OnlyTheNewestRemovedFilesStayBeyondThoseThatAreGuaranteed) {
    DeltaTable table = open();
    std::vector<AddFile> files;
    for (const int ago : {5, 4, 3, 2, 1, 0}) files.push_back(removed(table, hours(ago)));
    const VacuumPolicy policy{.retention = hours(5),
                              .orphan_age = hours(24),
                              .most_removed = 3,
                              .guaranteed = std::chrono::minutes(30)};
    EXPECT_EQ(vacuum(table, policy, false).files, 3) << "one is too old, and two are too many";
    for (std::size_t i = 0; i < files.size(); ++i) EXPECT_EQ(exists(files[i]), i >= 3) << i;
    const VacuumPolicy none{.retention = hours(5),
                            .orphan_age = hours(24),
                            .most_removed = 0,
                            .guaranteed = std::chrono::minutes(90)};
    EXPECT_EQ(vacuum(table, none, false).files, 1);
    EXPECT_TRUE(exists(files[4])) << "it was removed less than 90 minutes ago";
}

TEST_F(VacuumTest, ADryRunCountsAndRemovesNothing) {
    DeltaTable table = open();
    const AddFile add = removed(table, hours(3));
    const auto report = vacuum(table, {.retention = hours(2), .orphan_age = hours(24)}, true);
    EXPECT_EQ(report.files, 1);
    EXPECT_EQ(report.bytes, static_cast<std::int64_t>(fs::file_size(root_ / add.path)));
    EXPECT_EQ(vacuum(table, {.retention = hours(2), .orphan_age = hours(24)}, false).bytes, report.bytes);
    EXPECT_EQ(vacuum(table, {.retention = hours(2), .orphan_age = hours(24)}, true).files, 0);
}

TEST_F(VacuumTest, LiveFilesAndHiddenOnesAreNotUnnamed) {
    DeltaTable table = open();
    table.commit(adding(write(0, 10, "a")), proceed);
    const AddFile unnamed = write(10, 20, "a");
    const AddFile in_another_folder = write(20, 30, "b");
    for (const char* hidden : {"_symlink_manifest", ".part-7.parquet.tmp", "day=a/.part-7.parquet.crc"})
        std::ofstream(root_ / hidden) << "x";
    fs::create_directory(root_ / "_change_data");
    std::ofstream(root_ / "_change_data" / "part-7.parquet") << "x";
    EXPECT_THAT(unnamed_files(table), testing::ElementsAre(unnamed.path, in_another_folder.path));
}

TEST_F(VacuumTest, VacuumLeavesAFileThatIsCommittedBeforeItComesToIt) {
    DeltaTable writer = open();
    DeltaTable cleaner = DeltaTable::open(root_);  // does not know of the commit below
    const AddFile late = write(0, 10);
    age(late, std::chrono::hours(25));
    ASSERT_TRUE(writer.commit(adding(late), proceed));
    EXPECT_EQ(vacuum(cleaner, {.retention = base::Duration(0), .orphan_age = base::Duration(0)}, false).files,
              0);
    EXPECT_TRUE(fs::exists(root_ / late.path));
}

TEST_F(VacuumTest, VacuumWaitsForACommitThatIsBeingMade) {
    DeltaTable table = open();
    const AddFile orphan = write(0, 10);
    base::File commit = table.files_lock();
    std::shared_lock lock(commit);
    std::thread cleaner([&] {
        EXPECT_EQ(
            vacuum(table, {.retention = base::Duration(0), .orphan_age = base::Duration(0)}, false).files, 1);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(fs::exists(root_ / orphan.path));
    lock.unlock();
    cleaner.join();
    EXPECT_FALSE(fs::exists(root_ / orphan.path));
}

TEST_F(VacuumTest, AFileThatDisappearsDuringVacuumIsNotAFault) {
    open();
    constexpr int count = 300;
    for (int i = 0; i < count; ++i) write(i, i + 1, std::to_string(i % 10));
    std::atomic<std::int64_t> removed = 0;
    std::vector<std::thread> vacuums;
    for (int i = 0; i < 4; ++i) {
        vacuums.emplace_back([&] {
            DeltaTable table = DeltaTable::open(root_);
            removed +=
                vacuum(table, {.retention = base::Duration(0), .orphan_age = base::Duration(0)}, false).files;
        });
    }
    std::error_code ignored;
    for (int i = 0; i < 10; ++i) fs::remove_all(root_ / ("day=" + std::to_string(i)), ignored);
    for (auto& each : vacuums) each.join();
    EXPECT_LE(removed, count) << "a file was counted twice";
    EXPECT_TRUE(unnamed_files(DeltaTable::open(root_)).empty());
}

}  // namespace
}  // namespace millrace::storage
