#include "pipeline/table_maintenance.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "catalog/table_locks.h"
#include "gold/stage/gold_state.h"
#include "silver/silver_table.h"
#include "storage/delta_table.h"

namespace millrace::pipeline {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Empty tables of Silver, and files in their folders that no commit names.
class TableMaintenanceTest : public testing::Test {
  protected:
    TableMaintenanceTest() {
        fs::remove_all(data_.root());
        storage::DeltaTable::open_or_create(data_.silver(), *silver::silver_schema(),
                                            silver::silver_partition_columns());
        storage::DeltaTable::open_or_create(data_.quarantine(), *silver::quarantine_schema(), {});
    }
    ~TableMaintenanceTest() override { fs::remove_all(data_.root()); }

    /// Makes a file of ten bytes that was last written so long ago.
    static fs::path unnamed_file(const fs::path& folder, std::chrono::hours age) {
        const fs::path path = folder / fmt::format("part-{}.parquet", age.count());
        std::ofstream(path) << "0123456789";
        fs::last_write_time(path, fs::file_time_type::clock::now() - age);
        return path;
    }

    const catalog::DataDirectory data_{fs::temp_directory_path() /
                                       fmt::format("millrace_maintenance_test_{}", ::getpid())};
};

TEST_F(TableMaintenanceTest, ARetentionAboveTheTablesOwnIsRefused) {
    const auto own = storage::DeltaTable::open(data_.silver()).tombstone_retention();
    EXPECT_NO_THROW(vacuum_tables(data_, own, false));
    try {
        vacuum_tables(data_, own + std::chrono::hours(1), false);
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), Error::Kind::usage);
        EXPECT_THAT(error.what(), HasSubstr(data_.silver().string()));
        EXPECT_THAT(error.what(), HasSubstr("delta.deletedFileRetentionDuration"));
    }
}

TEST_F(TableMaintenanceTest, WithoutAWriterUnnamedFilesAreRemovedAfterTheRetention) {
    const auto old = unnamed_file(data_.silver(), std::chrono::hours(3));
    const auto young = unnamed_file(data_.silver(), std::chrono::hours(1));
    const CleanReport report = vacuum_tables(data_, std::chrono::hours(2), false);
    EXPECT_TRUE(report.alone);
    EXPECT_EQ(report.silver.files, 1);
    EXPECT_EQ(report.silver.bytes, 10);
    EXPECT_EQ(report.silver.kept_young, 1);
    EXPECT_FALSE(fs::exists(old));
    EXPECT_TRUE(fs::exists(young));
}

TEST_F(TableMaintenanceTest, TheFilesOfARunningWriterAreKeptForADay) {
    const auto written_today = unnamed_file(data_.quarantine(), std::chrono::hours(23));
    const auto abandoned = unnamed_file(data_.quarantine(), std::chrono::hours(25));
    const catalog::WriterLease writer(data_);
    const CleanReport report = vacuum_tables(data_, std::chrono::hours(2), false);
    EXPECT_FALSE(report.alone);
    EXPECT_EQ(report.quarantine.files, 1);
    EXPECT_TRUE(fs::exists(written_today));
    EXPECT_FALSE(fs::exists(abandoned));
}

TEST_F(TableMaintenanceTest, CommitsStayWhileGoldIsBeingRebuilt) {
    auto silver = storage::DeltaTable::open(data_.silver());
    const auto proceed = [](const storage::Commit&) { return true; };
    for (int i = 0; i < 120; ++i) {
        storage::Commit commit;
        commit.txns.push_back({"app", i, {}});
        silver.commit(std::move(commit), proceed);
        if (i == 9) silver.checkpoint();
    }
    const fs::path log = data_.silver() / "_delta_log";
    fs::last_write_time(log / "00000000000000000010.checkpoint.parquet",
                        fs::file_time_type::clock::now() - std::chrono::hours(1));
    const fs::path first = log / "00000000000000000000.json";
    {
        base::File stage = catalog::gold_lock(data_);
        const std::lock_guard rebuilding(stage);  // without a state
        vacuum_tables(data_, std::nullopt, false);
        EXPECT_TRUE(fs::exists(first)) << "Gold goes on from the version at which it began";
    }
    vacuum_tables(data_, std::nullopt, false);
    EXPECT_FALSE(fs::exists(first));
}

TEST_F(TableMaintenanceTest, FilesThatARunningCorrectionReadsAreKept) {
    auto silver = storage::DeltaTable::open(data_.silver());
    const auto file = unnamed_file(data_.silver(), std::chrono::hours(8));
    const auto removed_at = base::wall_time() - std::chrono::hours(7);
    storage::Commit commit;
    commit.removes.push_back({file.filename().string(), {}, 10, removed_at, false});
    silver.commit(std::move(commit), [](const storage::Commit&) { return true; });
    fs::create_directories(data_.gold());
    gold::write_gold_state(data_.gold_state(), {.silver_version = silver.snapshot().version},
                           [](std::ostream&) {});
    {
        const catalog::CorrectionLease reading(data_);
        fs::last_write_time(data_.gold() / ".correction.lock",
                            fs::file_time_type::clock::now() - std::chrono::hours(8));
        vacuum_tables(data_, std::nullopt, false);
        EXPECT_TRUE(fs::exists(file)) << "it was removed after the correction had begun";
    }
    vacuum_tables(data_, std::nullopt, false);
    EXPECT_FALSE(fs::exists(file));
}

TEST_F(TableMaintenanceTest, ADryRunOnlyCounts) {
    const auto old = unnamed_file(data_.silver(), std::chrono::hours(3));
    const CleanReport report = vacuum_tables(data_, std::chrono::hours(2), true);
    EXPECT_EQ(report.silver.files, 1);
    EXPECT_EQ(report.silver.bytes, 10);
    EXPECT_TRUE(fs::exists(old));
}

TEST_F(TableMaintenanceTest, WithoutAnArchiveThereIsNothingToJoin) {
    optimize_archive(data_);
    EXPECT_FALSE(fs::exists(data_.archive())) << "it was created";
}

}  // namespace
}  // namespace millrace::pipeline
