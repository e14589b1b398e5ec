#include "archive/archiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/test_archive.h"
#include "base/error.h"
#include "storage/file_stats.h"

namespace millrace::archive {
namespace {

using bronze::Offset;
using testing::HasSubstr;

class ArchiverTest : public TestWithArchive {
  protected:
    [[nodiscard]] catalog::PartitionProgress progress(int partition = 0) const {
        return catalog::read_progress(table().snapshot(), *log_, partition);
    }
    [[nodiscard]] std::int64_t rows() const {
        std::int64_t rows = 0;
        const auto archived = table();
        for (const auto& [path, add] : archived.snapshot().files)
            rows += storage::FileStats(add).rows().value_or(0);
        return rows;
    }
};

TEST_F(ArchiverTest, ARestartContinuesWhereTheTableHasComeTo) {
    append({"a", "b"});
    const auto first = archive();
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].records, 2);
    EXPECT_EQ(first[0].bytes, 6) << "of each record a key, a value and the number of headers";
    EXPECT_EQ(first[0].lag, 0);
    EXPECT_TRUE(archive().empty()) << "there was nothing new";
    append({"c"});
    const auto later = archive();
    ASSERT_EQ(later.size(), 1U);
    EXPECT_EQ(later[0].records, 1);
    EXPECT_EQ(rows(), 3);
    EXPECT_EQ(progress().next_offset, Offset(3));
    EXPECT_EQ(progress().received, 3);
}

TEST_F(ArchiverTest, ABatchEndsAtItsSize) {
    append({"a", "b", "c"});
    const auto reports = archive({.batch_bytes = 1});
    ASSERT_EQ(reports.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(reports[i].records, 1);
        EXPECT_EQ(reports[i].bytes, 3);
        EXPECT_EQ(reports[i].lag, static_cast<std::int64_t>(2 - i));
    }
    EXPECT_EQ(rows(), 3);
}

TEST_F(ArchiverTest, OnlyWhatTheLogHeldAtTheStartIsArchived) {
    append({"a", "b"});
    Archiver archiver(data_, *log_, {.available_now = true}, pool_);
    append({"later"});
    std::int64_t lag = -1;
    archiver.run(never_, [&](const ArchiveReport& report) { lag = report.lag; });
    EXPECT_EQ(progress().next_offset, Offset(2));
    EXPECT_EQ(rows(), 2);
    EXPECT_EQ(lag, 1);
}

TEST_F(ArchiverTest, EachPartitionHasItsOwnProgress) {
    topic_.name = "clicks";
    topic_.partitions = 3;
    open();
    bronze::RecordBatchBuilder batch;
    batch.add("k", "a", base::from_ms(1000));
    log_->append(0, batch);
    log_->append(2, batch);
    log_->append(2, batch);
    archive();
    EXPECT_EQ(progress(0).next_offset, Offset(1));
    EXPECT_EQ(progress(1).next_offset, Offset(0));
    EXPECT_EQ(progress(2).next_offset, Offset(2));
    EXPECT_EQ(table().snapshot().files.size(), 2U) << "a partition without records has a file";
}

TEST_F(ArchiverTest, ABatchOfRecordsThatAnotherArchiverCommittedIsGivenUp) {
    append({"a", "b", "c"});
    Archiver archiver(data_, *log_, {.available_now = true, .batch_bytes = 1}, pool_);
    std::int64_t own = 0;
    std::int64_t others = 0;
    archiver.run(never_, [&](const ArchiveReport& report) {
        own += report.records;
        for (const ArchiveReport& other : archive()) others += other.records;
    });
    EXPECT_EQ(own, 1);
    EXPECT_EQ(others, 2);
    EXPECT_EQ(rows(), 3) << "records were archived twice, or not at all";
}

TEST_F(ArchiverTest, RecordsThatWereRemovedBeforeTheyWereArchivedEndIt) {
    append({"a", "b"});
    archive();
    append({"c", "d", "e"});
    remove_before(Offset(4));
    try {
        archive();
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("begins at offset 4: 2 records were removed"));
    }
    EXPECT_EQ(progress().next_offset, Offset(2));
}

TEST_F(ArchiverTest, ItContinuesAfterRemovedRecordsAndCountsThem) {
    append({"a", "b"});
    archive();
    append({"c", "d", "e"});
    remove_before(Offset(4));
    const auto reports = archive({.continue_on_data_loss = true});
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].records, 1);
    EXPECT_EQ(progress().next_offset, Offset(5));
    EXPECT_EQ(progress().skipped, 2);
    EXPECT_EQ(progress().received, 3);
}

TEST_F(ArchiverTest, AStopBeforeTheStartArchivesNothing) {
    append({"a"});
    base::StopSignal stop;
    stop.request();
    Archiver(data_, *log_, {}, pool_).run(stop, [](const ArchiveReport&) { FAIL(); });
    EXPECT_EQ(rows(), 0);
}

}  // namespace
}  // namespace millrace::archive
