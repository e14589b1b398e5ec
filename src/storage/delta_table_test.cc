#include "storage/delta_table.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "storage/file_stats.h"
#include "storage/test_table.h"
#include "storage/vacuum.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DeltaTableTest : public TableTest {};

TEST_F(DeltaTableTest, CommitsAreSeenByOthersInOrder) {
    DeltaTable writer = open();
    DeltaTable reader = open();
    EXPECT_EQ(writer.commit(adding(write(0, 10), 10), proceed), Version(1));
    EXPECT_EQ(writer.commit(adding(write(10, 20), 20), proceed), Version(2));
    reader.refresh();
    EXPECT_EQ(reader.snapshot().version, Version(2));
    EXPECT_EQ(reader.snapshot().files.size(), 2U);
    EXPECT_EQ(reader.snapshot().txn("app", -1), 20);
    EXPECT_EQ(reader.snapshot().txn("other", -1), -1);
}

TEST_F(DeltaTableTest, EachOfManyWritersCommitsEveryTransactionOnce) {
    open();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            DeltaTable table = DeltaTable::open(root_);
            for (int i = 0; i < 20; ++i) {
                Commit commit;
                commit.txns.push_back({"writer" + std::to_string(t), i + 1, {}});
                ASSERT_TRUE(table.commit(std::move(commit), proceed));
            }
        });
    }
    for (auto& thread : threads) thread.join();
    const auto snapshot = DeltaTable::open(root_).snapshot();
    EXPECT_EQ(snapshot.version, Version(80));
    for (int t = 0; t < 4; ++t) EXPECT_EQ(snapshot.txn("writer" + std::to_string(t), 0), 20);
}

TEST_F(DeltaTableTest, ALosingWriterSeesTheOtherCommitAndMayGiveUp) {
    DeltaTable first = open();
    DeltaTable second = open();
    first.commit(adding(write(0, 5), 7), proceed);
    std::int64_t seen = 0;
    const auto result = second.commit(adding(write(5, 9)), [&](const Commit& other) {
        seen = other.txns.front().version;
        return false;
    });
    EXPECT_FALSE(result);
    EXPECT_EQ(seen, 7);
    EXPECT_EQ(DeltaTable::open(root_).snapshot().version, Version(1));
}

TEST_F(DeltaTableTest, ATableThatHasReplacedTheOldOneIsNotWritten) {
    DeltaTable old = open();
    old.commit(adding(write(0, 10)), proceed);
    fs::remove_all(root_);
    DeltaTable made = open();
    EXPECT_THROW(old.commit(adding(write(0, 10)), proceed), Error);
    fs::rename(root_, root_.string() + ".away");
    EXPECT_THROW(made.commit(adding(write(0, 10)), proceed), Error);
    fs::remove_all(root_);
    fs::rename(root_.string() + ".away", root_);
    EXPECT_EQ(made.commit(adding(write(0, 10)), proceed), Version(1));
    EXPECT_EQ(DeltaTable::open(root_).snapshot().version, Version(1));
}

TEST_F(DeltaTableTest, ALogWithoutASchemaIsAnErrorThatNamesTheTable) {
    open();
    for (const std::string& content :
         {std::string(), std::string("{\"commitInfo\":{}}\n"),
          std::string("{\"metaData\":{\"id\":\"x\",\"schemaString\":\"[]\"}}\n")}) {
        base::replace_file(log("00000000000000000000.json"), content);
        try {
            open();
            FAIL() << content;
        } catch (const Error& error) {
            EXPECT_THAT(error.what(), HasSubstr(root_.string()));
        }
    }
}

TEST_F(DeltaTableTest, ACheckpointGivesTheSameSnapshotAsTheCommits) {
    DeltaTable table = open();
    for (int i = 0; i < 5; ++i)
        table.commit(adding(write(i * 10, i * 10 + 10, i % 2 == 0 ? "2019-10-01" : "caf\xC3\xA9 %"), i + 1),
                     proceed);
    Commit remove;
    const auto victim = table.snapshot().files.begin()->second;
    remove.removes.push_back(
        {victim.path, victim.partition_values, victim.size, base::from_ms(4'000'000'000'000), true});
    table.commit(std::move(remove), proceed);
    const Snapshot before = table.snapshot();
    table.checkpoint();
    for (int version = 0; version < 6; ++version)
        fs::remove(log("0000000000000000000" + std::to_string(version) + ".json"));
    DeltaTable reopened = DeltaTable::open(root_);
    const Snapshot after = reopened.snapshot();
    EXPECT_EQ(after.version, before.version);
    EXPECT_EQ(after.metadata.id, before.metadata.id);
    EXPECT_EQ(after.metadata.partition_columns, before.metadata.partition_columns);
    EXPECT_EQ(after.metadata.configuration, before.metadata.configuration);
    EXPECT_EQ(after.metadata.schema_json, before.metadata.schema_json);
    ASSERT_EQ(after.files.size(), before.files.size());
    for (const auto& [path, add] : before.files) {
        ASSERT_TRUE(after.files.contains(path)) << path;
        EXPECT_EQ(after.files.at(path).partition_values, add.partition_values);
        EXPECT_EQ(after.files.at(path).size, add.size);
        EXPECT_EQ(after.files.at(path).stats, add.stats);
    }
    EXPECT_EQ(reopened.tombstones().size(), 1U);
    EXPECT_EQ(after.txn("app", 0), 5);
}

TEST_F(DeltaTableTest, ACheckpointInPartsIsReadOnlyWhenAllPartsOfOneAreThere) {
    DeltaTable table = open();
    for (int i = 0; i < 4; ++i) {
        table.commit(adding(write(i * 10, i * 10 + 10), i + 1), proceed);
        if (i == 1) table.checkpoint();
    }
    const fs::path content = log("00000000000000000002.checkpoint.parquet");  // has two files, not four
    const auto files_with = [&](const std::vector<std::string>& parts) {
        for (const std::string& part : parts)
            fs::copy_file(content, log("00000000000000000004.checkpoint." + part + ".parquet"));
        const std::size_t files = DeltaTable::open(root_).snapshot().files.size();
        for (const std::string& part : parts)
            fs::remove(log("00000000000000000004.checkpoint." + part + ".parquet"));
        return files;
    };
    EXPECT_EQ(files_with({"0000000001.0000000002", "0000000001.0000000003"}), 4U)
        << "both checkpoints are incomplete";
    EXPECT_EQ(files_with({"0000000002.0000000002", "0000000003.0000000003", "0000000001.0000000003"}), 4U);
    EXPECT_EQ(files_with({"0000000003.0000000002", "0000000001.0000000002"}), 4U)
        << "a part cannot be number 3 of 2";
    EXPECT_EQ(files_with({"0000000001.000000000x", "000000000x.0000000002", "0000000000.0000000001"}), 4U);
    EXPECT_EQ(files_with({"0000000001.0000000002", "0000000002.0000000002", "0000000001.0000000003"}), 2U)
        << "a complete checkpoint beside an incomplete one is read";
}

TEST_F(DeltaTableTest, TombstonesOutliveTheCheckpointsUntilTheirRetentionIsOver) {
    DeltaTable table = open();
    std::vector<AddFile> files;
    for (int i = 0; i < 3; ++i) {
        files.push_back(write(i, i + 1));
        table.commit(adding(files.back()), proceed);
    }
    const auto remove = [&](const AddFile& file, std::int64_t when_ms) {
        table.commit(removing(file, base::from_ms(when_ms)), proceed);
    };
    constexpr std::int64_t far_future = 4'000'000'000'000;
    remove(files[0], far_future);
    table.checkpoint();
    remove(files[1], far_future);
    remove(files[2], 1);  // removed long ago
    table.checkpoint();
    const DeltaTable reopened = DeltaTable::open(root_);
    EXPECT_TRUE(reopened.snapshot().files.empty());
    EXPECT_TRUE(reopened.snapshot().tombstones.empty());
    std::vector<std::string> removed;
    for (const auto& [path, tombstone] : reopened.tombstones()) removed.push_back(path);
    EXPECT_EQ(removed, (std::vector<std::string>{files[0].path, files[1].path}));
}

/// A table of twenty commits, of which the checkpoint after the tenth is old.
class CleanedLogTest : public DeltaTableTest {
  protected:
    CleanedLogTest() {
        for (int i = 0; i < 20; ++i) {
            table_.commit(adding(write(i, i + 1), i), proceed);
            if (i == 9) table_.checkpoint();
        }
        fs::last_write_time(log("00000000000000000010.checkpoint.parquet"),
                            fs::file_time_type::clock::now() - std::chrono::hours(1));
    }
    [[nodiscard]] bool has(int version) const {
        return fs::exists(log((version < 10 ? "0000000000000000000" : "000000000000000000") +
                              std::to_string(version) + ".json"));
    }

    DeltaTable early_ = open();
    DeltaTable table_ = open();
};

TEST_F(CleanedLogTest, KeepsEverythingFromAnOldCheckpointOn) {
    EXPECT_EQ(table_.clean_up_log({}), 11) << "ten commits, and the first checkpoint";
    EXPECT_FALSE(has(9));
    EXPECT_TRUE(has(10));
    EXPECT_EQ(DeltaTable::open(root_).snapshot().files.size(), 20U);
    EXPECT_EQ(table_.clean_up_log({}), 0);
}

TEST_F(CleanedLogTest, KeepsWhatThePolicyKeeps) {
    EXPECT_EQ(table_.clean_up_log({.newest = 11}), 0);
    EXPECT_EQ(table_.clean_up_log({.guaranteed = std::chrono::hours(2)}), 0);
    EXPECT_EQ(table_.clean_up_log({.needed = Version(9)}), 0);
    EXPECT_EQ(table_.clean_up_log({.newest = 10, .needed = Version(10)}), 11);
}

TEST_F(CleanedLogTest, AnObjectThatMissedCommitsReadsTheTableAgain) {
    table_.clean_up_log({});
    early_.look_for_missed_commits_after({});
    EXPECT_TRUE(early_.refresh());
    EXPECT_EQ(early_.snapshot().version, Version(20));
    EXPECT_EQ(early_.snapshot().files.size(), 20U);
}

TEST_F(CleanedLogTest, AWriterThatMissedCommitsGivesUpAndThenGoesOn) {
    table_.clean_up_log({});
    early_.look_for_missed_commits_after({});
    EXPECT_FALSE(early_.commit(adding(write(30, 31)), proceed)) << "it may not know what others did";
    EXPECT_FALSE(has(1)) << "a version that was cleaned up must not be taken again";
    early_.look_for_missed_commits_after(std::chrono::seconds(30));
    EXPECT_EQ(early_.commit(adding(write(30, 31)), proceed), Version(21));
}

TEST_F(DeltaTableTest, UnsupportedFeaturesAreRefusedByName) {
    open();
    append_to_log(
        1,
        R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}})");
    try {
        DeltaTable::open(root_);
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("deletionVectors"));
    }
}

TEST_F(DeltaTableTest, AWriterFeatureIsReadableButNotWritable) {
    open();
    append_to_log(
        1, R"({"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["rowTracking"]}})");
    EXPECT_NO_THROW(DeltaTable::open(root_));
    try {
        open();
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("rowTracking"));
    }
}

TEST_F(DeltaTableTest, AMissingCommitIsAnError) {
    DeltaTable table = open();
    for (int i = 0; i < 3; ++i) table.commit(adding(write(i, i + 1)), proceed);
    fs::remove(log("00000000000000000002.json"));
    EXPECT_THROW(DeltaTable::open(root_), Error);
}

TEST_F(DeltaTableTest, AnotherSchemaIsRefused) {
    open();
    EXPECT_THROW(DeltaTable::open_or_create(root_, *arrow::schema({arrow::field("x", arrow::int64())}), {}),
                 Error);
}

TEST_F(DeltaTableTest, ACommitWhoseFileVacuumHasRemovedIsGivenUp) {
    DeltaTable writer = open();
    const AddFile kept = write(0, 10);
    const AddFile abandoned = write(10, 20);
    age(abandoned, std::chrono::hours(25));
    DeltaTable cleaner = DeltaTable::open(root_);
    const auto report =
        vacuum(cleaner, {.retention = std::chrono::hours(6), .orphan_age = std::chrono::hours(24)}, false);
    EXPECT_EQ(report.files, 1);
    EXPECT_EQ(report.kept_young, 1);
    Commit commit = adding(kept, 1);
    commit.adds.push_back(abandoned);
    EXPECT_FALSE(writer.commit(std::move(commit), proceed));
    EXPECT_EQ(DeltaTable::open(root_).snapshot().version, Version(0));
    EXPECT_EQ(writer.commit(adding(write(0, 20), 1), proceed), Version(1))
        << "the commit succeeds with new files";
}

TEST_F(DeltaTableTest, StatsTellRowsBoundsAndNulls) {
    const AddFile add = write(10, 40);
    const FileStats stats(add);
    EXPECT_EQ(stats.rows(), 30);
    EXPECT_EQ(stats.min("id"), 10);
    EXPECT_EQ(stats.max("id"), 39);
    EXPECT_THAT(add.stats, HasSubstr("\"nullCount\":{\"id\":0,\"offset\":0,\"name\":10}"));
}

TEST(PartitionPath, IsEscapedAsSparkDoes) {
    EXPECT_EQ(partition_directory({{"event_date", "2019-10-01"}, {"event_type", "a:b/c%"}}),
              "event_date=2019-10-01/event_type=a%3Ab%2Fc%25");
    EXPECT_EQ(partition_directory({{"x", ""}}), "x=__HIVE_DEFAULT_PARTITION__");
    EXPECT_EQ(encode_path("event_type=a%3Ab/part 1.parquet"), "event_type=a%253Ab/part%201.parquet");
    std::mt19937_64 random(1);
    for (int i = 0; i < 1000; ++i) {
        std::string path(random() % 30, '\0');
        for (char& c : path) c = static_cast<char>(random());
        EXPECT_EQ(decode_path(encode_path(path)), path);
    }
}

}  // namespace
}  // namespace millrace::storage
