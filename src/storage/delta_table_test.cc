#include "storage/delta_table.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <optional>
#include <random>
#include <shared_mutex>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "storage/file_stats.h"
#include "storage/optimize.h"
#include "storage/parquet_file.h"
#include "storage/vacuum.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::shared_ptr<arrow::Schema> test_schema() {
    return arrow::schema({arrow::field("id", arrow::int64(), false), arrow::field("offset", arrow::int64()),
                          arrow::field("name", arrow::utf8()), arrow::field("day", arrow::utf8(), false)});
}

const ParquetLayout& test_layout() {
    static const ParquetLayout layout{.schema = arrow::schema({arrow::field("id", arrow::int64(), false),
                                                               arrow::field("offset", arrow::int64()),
                                                               arrow::field("name", arrow::utf8())}),
                                      .plain = {},
                                      .delta_encoded = {"offset"},
                                      .without_stats = {}};
    return layout;
}

class DeltaTableTest : public testing::Test {
  protected:
    DeltaTableTest() { fs::remove_all(root_); }
    ~DeltaTableTest() override { fs::remove_all(root_); }

    DeltaTable open() { return DeltaTable::open_or_create(root_, *test_schema(), {"day"}); }
    AddFile write(std::int64_t from, std::int64_t to, const std::string& day = "2019-10-01") {
        arrow::Int64Builder ids;
        arrow::StringBuilder names;
        for (std::int64_t i = from; i < to; ++i) {
            EXPECT_TRUE(ids.Append(i).ok());
            EXPECT_TRUE((i % 3 == 0 ? names.AppendNull() : names.Append("n" + std::to_string(i))).ok());
        }
        const auto id_array = ids.Finish().ValueOrDie();
        const auto rows = arrow::RecordBatch::Make(test_layout().schema, to - from,
                                                   {id_array, id_array, names.Finish().ValueOrDie()});
        AddFile add;
        add.partition_values = {{"day", day}};
        add.path =
            partition_directory(add.partition_values) + "/part-" + std::to_string(files_++) + ".parquet";
        fs::create_directories((root_ / add.path).parent_path());
        ParquetWriter writer(root_ / add.path, test_layout());
        writer.write(*rows);
        const auto written = writer.finish();
        add.size = written.bytes;
        add.stats = written.stats;
        return add;
    }
    static Commit adding(AddFile add, std::int64_t version = 0) {
        Commit commit;
        commit.adds.push_back(std::move(add));
        if (version > 0) commit.txns.push_back({"app", version, {}});
        return commit;
    }
    static bool proceed(const Commit& /*other*/) { return true; }
    fs::path log(const std::string& name) const { return root_ / "_delta_log" / name; }
    void append_to_log(int version, const std::string& text) const {
        std::ofstream(log("0000000000000000000" + std::to_string(version) + ".json")) << text;
    }

    fs::path root_ = fs::temp_directory_path() / ("millrace_delta_test_" + std::to_string(::getpid()));
    int files_ = 0;
};

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
        Commit commit;
        commit.removes.push_back({file.path, file.partition_values, file.size, base::from_ms(when_ms), true});
        table.commit(std::move(commit), proceed);
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

TEST_F(DeltaTableTest, DamagedCommitsAreErrorsThatNameTheFile) {
    for (const char* text :
         {"{\"add\":{\"path\":\"a\"", "[1]", "{\"add\":{\"path\":\"/etc/passwd\"}}",
          "{\"add\":{\"path\":\"../x\"}}", "{\"add\":{}}", "{\"add\":{\"path\":\"s3://b/x\"}}",
          "{\"add\":{\"path\":\"a\",\"deletionVector\":{\"storageType\":\"u\"}}}"}) {
        fs::remove_all(root_);
        open();
        append_to_log(1, text);
        try {
            DeltaTable::open(root_);
            FAIL() << text;
        } catch (const Error& error) {
            EXPECT_THAT(error.what(), HasSubstr("00001.json")) << text;
        }
    }
}

TEST_F(DeltaTableTest, ACommitThatHasLostLinesIsAnError) {
    DeltaTable table = open();
    Commit commit = adding(write(0, 10), 10);
    commit.adds.push_back(write(10, 20));
    table.commit(std::move(commit), proceed);
    const fs::path file = log("00000000000000000001.json");
    const std::string whole = base::read_file(file);
    ASSERT_EQ(std::ranges::count(whole, '\n'), 4) << "commitInfo, a txn, two adds";
    for (std::size_t end = 0; end < whole.size(); ++end) {
        if (end > 0 && whole[end - 1] != '\n') continue;
        base::replace_file(file, whole.substr(0, end));
        EXPECT_THAT([&] { DeltaTable::open(root_); }, testing::ThrowsMessage<Error>(HasSubstr(file.string())))
            << end;
    }
    base::replace_file(file, whole.substr(0, whole.size() - 1));
    EXPECT_EQ(DeltaTable::open(root_).snapshot().files.size(), 2U) << "only the last newline is missing";
}

TEST_F(DeltaTableTest, ACommitOfAnotherWriterNeedsNoCommitInfo) {
    open();
    append_to_log(1, R"({"txn":{"appId":"theirs","version":7}})");
    append_to_log(2, R"({"commitInfo":{"operation":"OPTIMIZE","operationMetrics":{"numLines":"9"}}})");
    EXPECT_EQ(DeltaTable::open(root_).snapshot().txn("theirs", -1), 7);
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

TEST_F(DeltaTableTest, OptimizeKeepsTheRowsAndVacuumRemovesTheRest) {
    DeltaTable table = open();
    for (int i = 0; i < 12; ++i)
        table.commit(adding(write(i * 100, i * 100 + 100, i % 2 == 0 ? "a" : "b")), proceed);
    const auto rows = [&] {
        std::vector<std::int64_t> ids;
        const DeltaTable latest = DeltaTable::open(root_);
        for (const auto& [path, add] : latest.snapshot().files) {
            scan_parquet(root_ / path, *test_schema(), {"id"}, [&](const arrow::RecordBatch& batch) {
                for (std::int64_t i = 0; i < batch.num_rows(); ++i)
                    ids.push_back(dynamic_cast<const arrow::Int64Array&>(*batch.column(0)).Value(i));
            });
        }
        std::ranges::sort(ids);
        return ids;
    };
    const auto before = rows();
    const auto report = optimize(table, test_layout(), {});
    EXPECT_EQ(report.files_before, 12);
    EXPECT_EQ(report.files_after, 2);
    EXPECT_EQ(rows(), before);
    EXPECT_EQ(vacuum(table, std::chrono::hours(6), std::chrono::hours(6), false).files, 0);
    EXPECT_EQ(vacuum(table, base::Duration(0), base::Duration(0), true).files, 12);
    EXPECT_EQ(vacuum(table, base::Duration(0), base::Duration(0), false).files, 12);
    EXPECT_TRUE(unnamed_files(table).empty());
    EXPECT_EQ(rows(), before);
}

TEST_F(DeltaTableTest, ACommitWhoseFileVacuumHasRemovedIsGivenUp) {
    DeltaTable writer = open();
    const AddFile kept = write(0, 10);
    const AddFile abandoned = write(10, 20);
    fs::last_write_time(root_ / abandoned.path, fs::file_time_type::clock::now() - std::chrono::hours(25));
    DeltaTable cleaner = DeltaTable::open(root_);
    const auto report = vacuum(cleaner, std::chrono::hours(6), std::chrono::hours(24), false);
    EXPECT_EQ(report.files, 1);
    EXPECT_EQ(report.kept_young, 1);
    Commit commit = adding(kept, 1);
    commit.adds.push_back(abandoned);
    EXPECT_FALSE(writer.commit(std::move(commit), proceed));
    EXPECT_EQ(DeltaTable::open(root_).snapshot().version, Version(0));
    EXPECT_EQ(writer.commit(adding(write(0, 20), 1), proceed), Version(1))
        << "the commit succeeds with new files";
}

TEST_F(DeltaTableTest, VacuumLeavesAFileThatIsCommittedBeforeItComesToIt) {
    DeltaTable writer = open();
    DeltaTable cleaner = DeltaTable::open(root_);  // does not know of the commit below
    const AddFile late = write(0, 10);
    fs::last_write_time(root_ / late.path, fs::file_time_type::clock::now() - std::chrono::hours(25));
    ASSERT_TRUE(writer.commit(adding(late), proceed));
    EXPECT_EQ(vacuum(cleaner, base::Duration(0), base::Duration(0), false).files, 0);
    EXPECT_TRUE(fs::exists(root_ / late.path));
}

TEST_F(DeltaTableTest, VacuumWaitsForACommitThatIsBeingMade) {
    DeltaTable table = open();
    const AddFile orphan = write(0, 10);
    base::File commit = table.files_lock();
    std::shared_lock lock(commit);
    std::thread cleaner(
        [&] { EXPECT_EQ(vacuum(table, base::Duration(0), base::Duration(0), false).files, 1); });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(fs::exists(root_ / orphan.path));
    lock.unlock();
    cleaner.join();
    EXPECT_FALSE(fs::exists(root_ / orphan.path));
}

TEST_F(DeltaTableTest, AFileThatDisappearsDuringVacuumIsNotAFault) {
    open();
    constexpr int count = 300;
    for (int i = 0; i < count; ++i) write(i, i + 1, std::to_string(i % 10));
    std::atomic<std::int64_t> removed = 0;
    std::vector<std::thread> vacuums;
    for (int i = 0; i < 4; ++i) {
        vacuums.emplace_back([&] {
            DeltaTable table = DeltaTable::open(root_);
            removed += vacuum(table, base::Duration(0), base::Duration(0), false).files;
        });
    }
    std::error_code ignored;
    for (int i = 0; i < 10; ++i) fs::remove_all(root_ / ("day=" + std::to_string(i)), ignored);
    for (auto& each : vacuums) each.join();
    EXPECT_LE(removed, count) << "a file was counted twice";
    EXPECT_TRUE(unnamed_files(DeltaTable::open(root_)).empty());
}

TEST_F(DeltaTableTest, AJoinedFileThatIsMissingIsNotCommitted) {
    DeltaTable table = open();
    for (int i = 0; i < 4; ++i) table.commit(adding(write(i * 10, i * 10 + 10)), proceed);
    const auto before = table.snapshot().files;
    base::File guard = table.files_lock();
    std::unique_lock lock(guard);
    std::thread joiner([&] { EXPECT_EQ(optimize(table, test_layout(), {}).files_after, 0); });
    const auto joined = [&]() -> std::optional<fs::path> {
        for (const auto& entry : fs::directory_iterator(root_ / "day=2019-10-01")) {
            if (entry.path().string().ends_with("-optimized.snappy.parquet")) return entry.path();
        }
        return std::nullopt;
    };
    while (!joined()) std::this_thread::yield();
    fs::remove(*joined());
    lock.unlock();
    joiner.join();
    EXPECT_EQ(DeltaTable::open(root_).snapshot().files.size(), before.size());
}

TEST_F(DeltaTableTest, GradualJoiningRewritesARowALogarithmicNumberOfTimes) {
    DeltaTable table = open();
    OptimizeOptions options;
    options.gradual = true;
    std::int64_t rewritten = 0;
    std::size_t max_files = 0;
    for (int i = 0; i < 300; ++i) {
        table.commit(adding(write(i * 50, i * 50 + 50)), proceed);
        rewritten += optimize(table, test_layout(), options).files_before;
        max_files = std::max(max_files, table.snapshot().files.size());
    }
    EXPECT_LT(max_files, 25U);
    EXPECT_LT(rewritten, 300 * 3);
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
