#include "verify/log_accounting.h"

#include <gtest/gtest.h>

namespace millrace::verify {
namespace {

const catalog::LogIdentity clicks{.topic = "clicks", .epoch = 3};

catalog::PartitionProgress ten_records() {
    return {.next_offset = bronze::Offset(10),
            .received = 9,
            .items = 9,
            .duplicates = 2,
            .quarantined = 1,
            .skipped = 1};
}

storage::Commit commit_to(std::int64_t next, std::int64_t received, std::int64_t skipped = 0) {
    storage::Commit commit;
    catalog::append_progress(commit.txns, clicks, 0,
                             {.next_offset = bronze::Offset(next), .received = received, .skipped = skipped});
    return commit;
}

TEST(Accounting, PassesWhenTheTablesHoldWhatTheCommitsCount) {
    const Check check =
        check_accounting(0, ten_records(), {.silver = 6, .quarantined = 1}, bronze::Offset(0));
    EXPECT_TRUE(check.passed) << check.detail;
    EXPECT_EQ(check.detail, "9 received = 6 silver + 2 duplicates + 1 quarantined");
}

TEST(Accounting, FindsALostRow) {
    EXPECT_EQ(check_accounting(0, ten_records(), {.silver = 5, .quarantined = 1}, bronze::Offset(0)).detail,
              "silver has 5 rows, and the commits count 6");
    EXPECT_EQ(check_accounting(0, ten_records(), {.silver = 6, .quarantined = 0}, bronze::Offset(0)).detail,
              "quarantine has 0 rows, and the commits count 1");
}

TEST(Accounting, FindsOffsetsThatNoRecordAccountsFor) {
    catalog::PartitionProgress progress = ten_records();
    progress.next_offset = bronze::Offset(12);
    const CountedRows rows{.silver = 6, .quarantined = 1};
    EXPECT_FALSE(check_accounting(0, progress, rows, bronze::Offset(0)).passed);
    // The offsets before the log's beginning are not known to have had records.
    EXPECT_TRUE(check_accounting(0, progress, rows, bronze::Offset(2)).passed);
}

TEST(CommitChain, PassesWhenEachCommitCountsTheOffsetsThatItPasses) {
    CommitChain chain(clicks, 1);
    chain.add(storage::Version(0), {});
    chain.add(storage::Version(1), commit_to(10, 10));
    chain.add(storage::Version(2), commit_to(15, 13, 2));
    const Check check = chain.check();
    EXPECT_TRUE(check.passed) << check.detail;
    EXPECT_EQ(check.detail, "3 commits follow each other without gap or overlap");
}

TEST(CommitChain, FindsAGapAndAnOverlap) {
    CommitChain gap(clicks, 1);
    gap.add(storage::Version(1), commit_to(10, 10));
    gap.add(storage::Version(2), commit_to(15, 14));
    EXPECT_EQ(gap.check().detail, "version 2: partition 0 moved from offset 10 to 15, and counts 4 records");
    CommitChain overlap(clicks, 1);
    overlap.add(storage::Version(1), commit_to(10, 10));
    overlap.add(storage::Version(2), commit_to(10, 10));
    EXPECT_FALSE(overlap.check().passed);
}

TEST(CommitChain, LetsAReplayBeginAgain) {
    CommitChain chain(clicks, 1);
    chain.add(storage::Version(1), commit_to(10, 10));
    storage::Commit replay = commit_to(8, 8);
    replay.removes.push_back({.path = "old.parquet"});
    chain.add(storage::Version(2), replay);
    EXPECT_TRUE(chain.check().passed) << chain.check().detail;
}

TEST(CommitChain, LetsAReplayBeginAgainThatHadNoRowsToRemove) {
    CommitChain chain(clicks, 1);
    chain.add(storage::Version(1), commit_to(3, 3));
    storage::Commit replay = commit_to(3, 3);
    replay.operation = "REPLACE";
    chain.add(storage::Version(2), replay);
    EXPECT_TRUE(chain.check().passed) << chain.check().detail;
}

TEST(CommitChain, IgnoresOtherLogs) {
    CommitChain chain({.topic = "clicks", .epoch = 4}, 1);
    chain.add(storage::Version(1), commit_to(10, 10));
    chain.add(storage::Version(2), commit_to(5, 5));
    EXPECT_TRUE(chain.check().passed);
}

}  // namespace
}  // namespace millrace::verify
