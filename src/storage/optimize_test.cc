#include "storage/optimize.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>

#include "base/error.h"
#include "storage/test_table.h"
#include "storage/vacuum.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;

class OptimizeTest : public TableTest {
  protected:
    /// The ids of all rows of the table, sorted.
    [[nodiscard]] std::vector<std::int64_t> ids() const {
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
    }
    /// Commits files of ten rows each that the log says to have these sizes, in the order of their offsets.
    DeltaTable table_with(const std::vector<std::int64_t>& sizes) {
        DeltaTable table = open();
        std::int64_t from = 0;
        for (const std::int64_t size : sizes) {
            AddFile add = write(from, from + 10);
            add.size = size;
            table.commit(adding(add), proceed);
            from += 10;
        }
        return table;
    }
    [[nodiscard]] std::vector<std::string> joined_files() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::directory_iterator(root_ / "day=2019-10-01")) {
            if (entry.path().string().ends_with("-optimized.snappy.parquet"))
                names.push_back(entry.path().filename());
        }
        return names;
    }
};

TEST_F(OptimizeTest, OptimizeKeepsTheRowsAndVacuumRemovesTheRest) {
    DeltaTable table = open();
    for (int i = 0; i < 12; ++i)
        table.commit(adding(write(i * 100, i * 100 + 100, i % 2 == 0 ? "a" : "b")), proceed);
    const auto before = ids();
    const auto report = optimize(table, test_layout(), {});
    EXPECT_EQ(report.files_before, 12);
    EXPECT_EQ(report.files_after, 2);
    EXPECT_EQ(ids(), before);
    EXPECT_EQ(
        vacuum(table, {.retention = std::chrono::hours(6), .orphan_age = std::chrono::hours(6)}, false).files,
        0);
    EXPECT_EQ(vacuum(table, {.retention = base::Duration(0), .orphan_age = base::Duration(0)}, true).files,
              12);
    EXPECT_EQ(vacuum(table, {.retention = base::Duration(0), .orphan_age = base::Duration(0)}, false).files,
              12);
    EXPECT_TRUE(unnamed_files(table).empty());
    EXPECT_EQ(ids(), before);
}

TEST_F(OptimizeTest, AJoinedFileThatIsMissingIsNotCommitted) {
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

TEST_F(OptimizeTest, GradualJoiningRewritesARowALogarithmicNumberOfTimes) {
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

TEST_F(OptimizeTest, FilesAreJoinedUpToTheTarget) {
    DeltaTable table = table_with({100, 100, 100, 100, 100});
    const auto report = optimize(table, test_layout(), {.target_bytes = 200});
    EXPECT_EQ(report.files_before, 4) << "the last one has no other to be joined with";
    EXPECT_EQ(report.files_after, 2);
    EXPECT_EQ(report.bytes_before, 400);
    EXPECT_EQ(table.snapshot().files.size(), 3U);
    EXPECT_EQ(optimize(table, test_layout(), {.target_bytes = 100}).files_before, 0)
        << "no file is smaller than the target";
}

TEST_F(OptimizeTest, InOrderOnlyNeighboursAreJoined) {
    DeltaTable table = table_with({100, 100, 5000, 100, 100});
    const auto report = optimize(table, test_layout(), {.target_bytes = 1000, .in_order = true});
    EXPECT_EQ(report.files_before, 4);
    EXPECT_EQ(report.files_after, 2);
}

TEST_F(OptimizeTest, FilesOnBothSidesOfALargeOneAreJoinedWhereTheOrderDoesNotMatter) {
    DeltaTable table = table_with({100, 100, 5000, 100, 100});
    const auto report = optimize(table, test_layout(), {.target_bytes = 1000});
    EXPECT_EQ(report.files_before, 4);
    EXPECT_EQ(report.files_after, 1);
}

TEST_F(OptimizeTest, GradualJoiningWaitsForEnoughFilesAndLeavesOneThatIsLargerThanTheOthers) {
    const OptimizeOptions gradual{.gradual = true, .min_files = 3};
    DeltaTable two = table_with({100, 100});
    EXPECT_EQ(optimize(two, test_layout(), gradual).files_before, 0);
    fs::remove_all(root_);
    DeltaTable larger = table_with({301, 100, 100, 100});
    EXPECT_EQ(optimize(larger, test_layout(), gradual).files_before, 3);
    fs::remove_all(root_);
    DeltaTable as_large = table_with({300, 100, 100, 100});
    EXPECT_EQ(optimize(as_large, test_layout(), gradual).files_before, 4);
}

TEST_F(OptimizeTest, GradualJoiningInOrderTakesTheLastFiles) {
    DeltaTable table = table_with({100, 500, 100, 100, 100});
    const OptimizeOptions options{.gradual = true, .min_files = 3, .in_order = true};
    EXPECT_EQ(optimize(table, test_layout(), options).files_before, 3) << "the first one is no neighbour";
}

TEST_F(OptimizeTest, FilesWithOtherConstantsStayApart) {
    DeltaTable table = open();
    for (const auto& [from, to] : std::vector<std::pair<int, int>>{{0, 1}, {0, 1}, {5, 6}, {7, 9}, {7, 9}})
        table.commit(adding(write(from, to)), proceed);
    const auto report = optimize(table, test_layout(), {.constant_columns = {"id"}});
    EXPECT_EQ(report.files_before, 2) << "the two files of id 0";
    EXPECT_EQ(table.snapshot().files.size(), 4U);
}

TEST_F(OptimizeTest, FilesWithOneValueAreNotMixedWithThoseOfSeveral) {
    DeltaTable table = open();
    for (const auto& [from, to] : std::vector<std::pair<int, int>>{{0, 1}, {0, 1}, {5, 6}, {7, 9}, {6, 9}})
        table.commit(adding(write(from, to)), proceed);
    const auto report = optimize(table, test_layout(), {.separate_columns = {"id"}});
    EXPECT_EQ(report.files_before, 4) << "the two files of id 0, and the two with several ids";
    EXPECT_EQ(table.snapshot().files.size(), 3U);
}

TEST_F(OptimizeTest, FilesThatAreNotWantedAreLeftAlone) {
    DeltaTable table = table_with({100, 101, 100});
    const auto report =
        optimize(table, test_layout(), {.wanted = [](const AddFile& add) { return add.size == 100; }});
    EXPECT_EQ(report.files_before, 2);
    EXPECT_EQ(report.files_after, 1);
}

TEST_F(OptimizeTest, AColumnThatAnOlderFileLacksIsNull) {
    static const ParquetLayout older{.schema = arrow::schema({test_layout().schema->field(0)}),
                                     .plain = {},
                                     .delta_encoded = {},
                                     .without_stats = {}};
    DeltaTable table = table_with({100});
    AddFile add = write(10, 20);
    fs::remove(root_ / add.path);
    arrow::Int64Builder builder;
    ASSERT_TRUE(builder.AppendValues({10, 11}).ok());
    ParquetWriter writer(root_ / add.path, older);
    writer.write(*arrow::RecordBatch::Make(older.schema, 2, {builder.Finish().ValueOrDie()}));
    describe(add, writer.finish());
    table.commit(adding(add), proceed);
    ASSERT_EQ(optimize(table, test_layout(), {}).files_before, 2);
    EXPECT_EQ(ids(), (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
    std::int64_t nulls = 0;
    const std::string path = table.snapshot().files.begin()->first;
    scan_parquet(root_ / path, *test_schema(), {"name"},
                 [&](const arrow::RecordBatch& rows) { nulls += rows.column(0)->null_count(); });
    EXPECT_EQ(nulls, 4 + 2) << "of ten rows, every third one has no name";
}

TEST_F(OptimizeTest, AFileThatCannotBeReadIsNamedAndNothingIsLeftBehind) {
    DeltaTable table = table_with({100, 100});
    const std::string damaged = table.snapshot().files.rbegin()->first;
    fs::resize_file(root_ / damaged, 10);
    EXPECT_THAT([&] { optimize(table, test_layout(), {}); },
                testing::ThrowsMessage<Error>(testing::HasSubstr(damaged)));
    EXPECT_THAT(joined_files(), testing::IsEmpty());
    EXPECT_EQ(DeltaTable::open(root_).snapshot().files.size(), 2U);
}

TEST_F(OptimizeTest, AGroupOfWhichAnotherWriterHasRemovedAFileIsSkipped) {
    DeltaTable table = table_with({100, 100});
    DeltaTable another = open();
    another.commit(removing(another.snapshot().files.begin()->second, base::wall_time()), proceed);
    EXPECT_EQ(optimize(table, test_layout(), {}).files_before, 0);
    EXPECT_THAT(joined_files(), testing::IsEmpty());
    EXPECT_EQ(DeltaTable::open(root_).snapshot().files.size(), 1U);
}

}  // namespace
}  // namespace millrace::storage
