#include "gold/stage/gold_writer.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "storage/file_stats.h"

namespace millrace::gold {
namespace {

constexpr std::int64_t may_first = 19'844;  // 2024-05-01

/// Gold's tables in a temporary folder. The rows are those of the table `users`.
class GoldWriterTest : public testing::Test {
  protected:
    ~GoldWriterTest() override { std::filesystem::remove_all(data_.root()); }

    static std::filesystem::path empty_folder() {
        auto folder = std::filesystem::path(testing::TempDir()) / "gold_writer_test";
        std::filesystem::remove_all(folder);
        return folder;
    }

    static void add_user(Output& output, std::int64_t of_day, std::string_view name) {
        output[Table::users]
            .add(of_day)
            .text(name)
            .text("EUR")
            .time(model::day_start(of_day))
            .time(model::day_start(of_day))
            .count(1)
            .count(1)
            .count(0)
            .count(0)
            .count(0)
            .count(0)
            .money(0)
            .money(0)
            .text(name);
    }
    static Output users(std::int64_t of_day, const std::vector<std::string>& names) {
        Output output;
        for (const std::string& name : names) add_user(output, of_day, name);
        return output;
    }
    [[nodiscard]] storage::DeltaTable table() const {
        return storage::DeltaTable::open(data_.gold() / table_name(Table::users));
    }
    /// The number of rows in the table.
    [[nodiscard]] std::int64_t rows() const {
        std::int64_t rows = 0;
        const storage::DeltaTable users = table();
        for (const auto& [path, add] : users.snapshot().files) rows += storage::FileStats(add).rows().value();
        return rows;
    }
    [[nodiscard]] std::int64_t provisional_rows() const { return count_provisional_rows(table().snapshot()); }
    bool replace(GoldWriter::Replacement& replacement, Output output) {
        writer_.write(replacement, output, 1);
        return writer_.replace(replacement);
    }

    const catalog::DataDirectory data_{empty_folder()};
    base::WorkerPool pool_{2};
    GoldWriter writer_{data_, pool_};
};

TEST_F(GoldWriterTest, ProvisionalRowsAreTheTablesUntilTheyAreWithdrawn) {
    auto closed = users(may_first, {"a"});
    auto open = users(may_first + 1, {"b", "c"});
    EXPECT_EQ(writer_.append(closed, storage::Version(1)), 1);
    EXPECT_EQ(writer_.append_provisional(open, storage::Version(1)), 2);
    EXPECT_EQ(closed.size() + open.size(), 0);
    EXPECT_EQ(rows(), 3);
    EXPECT_EQ(provisional_rows(), 2);
    EXPECT_TRUE(writer_.withdraw_provisional());
    EXPECT_EQ(rows(), 1);
    EXPECT_EQ(provisional_rows(), 0);
    const auto version = table().snapshot().version;
    EXPECT_TRUE(writer_.withdraw_provisional());
    EXPECT_EQ(table().snapshot().version, version) << "there was nothing to withdraw";
}

TEST_F(GoldWriterTest, RowsThatWereClosedMeanwhileStay) {
    auto open = users(may_first, {"a"});
    writer_.append_provisional(open, storage::Version(1));
    auto again = users(may_first, {"a"});
    writer_.drop_known(again, storage::Version(1));
    EXPECT_EQ(again.size(), 1) << "a provisional row does not count as published";
    EXPECT_TRUE(writer_.withdraw_provisional());
    writer_.append(again, storage::Version(2));
    EXPECT_EQ(rows(), 1);
    EXPECT_EQ(provisional_rows(), 0);
}

TEST_F(GoldWriterTest, JoiningLeavesProvisionalFilesAlone) {
    for (int version = 1; version <= 8; ++version) {
        auto closed = users(may_first, {std::to_string(version)});
        writer_.append(closed, storage::Version(version));
    }
    auto open = users(may_first, {"open"});
    writer_.append_provisional(open, storage::Version(8));
    writer_.join_files(storage::Version(8));
    EXPECT_EQ(table().snapshot().files.size(), 2U);
    EXPECT_EQ(rows(), 9);
    EXPECT_EQ(provisional_rows(), 1);
    EXPECT_TRUE(writer_.withdraw_provisional());
    EXPECT_EQ(rows(), 8);
}

TEST_F(GoldWriterTest, AFileThatAnotherEngineHasRewrittenIsNoticed) {
    auto open = users(may_first, {"a"});
    writer_.append_provisional(open, storage::Version(1));
    auto theirs = table();
    storage::AddFile rewritten = theirs.snapshot().files.begin()->second;
    storage::Commit commit;
    commit.removes.push_back(
        {rewritten.path, rewritten.partition_values, rewritten.size, base::from_ms(1), false});
    const auto before = theirs.root() / rewritten.path;
    rewritten.path = "day=2024-05-01/part-00000-theirs.parquet";
    std::filesystem::copy_file(before, theirs.root() / rewritten.path);
    rewritten.data_change = false;
    commit.adds.push_back(rewritten);
    ASSERT_TRUE(theirs.commit(std::move(commit), [](const storage::Commit&) { return false; }));
    writer_.refresh();
    EXPECT_FALSE(writer_.withdraw_provisional());
    EXPECT_EQ(rows(), 1) << "a file of unknown kind stays";
    writer_.clear();
    EXPECT_TRUE(writer_.withdraw_provisional());
    EXPECT_EQ(rows(), 0);
}

TEST_F(GoldWriterTest, ReplacedDaysKeepTheirProvisionalRowsWhileAStateHoldsThemOpen) {
    auto closed = users(may_first, {"a"});
    writer_.append(closed, storage::Version(1));
    auto open = users(may_first, {"b"});
    add_user(open, may_first + 1, "c");
    writer_.append_provisional(open, storage::Version(1));
    GoldWriter::Replacement replacement{.from = may_first,
                                        .to = {may_first + 1, may_first + 1, may_first + 1},
                                        .silver_version = storage::Version(1)};
    EXPECT_TRUE(replace(replacement, users(may_first, {"a", "late"})));
    EXPECT_EQ(rows(), 4);
    EXPECT_EQ(provisional_rows(), 2);
    GoldWriter::Replacement all{.from = may_first,
                                .to = {may_first + 1, may_first + 1, may_first + 1},
                                .silver_version = storage::Version(1),
                                .provisional_too = true};
    EXPECT_TRUE(replace(all, users(may_first, {"a", "late", "b"})));
    EXPECT_EQ(rows(), 4);
    EXPECT_EQ(provisional_rows(), 1) << "the row of the other day stays";
    EXPECT_TRUE(writer_.withdraw_provisional());
    EXPECT_EQ(rows(), 3);
}

TEST_F(GoldWriterTest, RowsOfAnOlderStateDoNotReplaceADayAndLeaveNoFiles) {
    auto closed = users(may_first, {"a"});
    writer_.append(closed, storage::Version(1));
    const auto day = [](std::int64_t version) {
        return GoldWriter::Replacement{.from = may_first,
                                       .to = {may_first + 1, may_first + 1, may_first + 1},
                                       .silver_version = storage::Version(version)};
    };
    GoldWriter::Replacement newer = day(2);
    EXPECT_TRUE(replace(newer, users(may_first, {"a", "late"})));
    EXPECT_EQ(recomputed_version(table().snapshot(), may_first), storage::Version(2));
    const auto files_on_disk = [this] {
        return std::ranges::count_if(
            std::filesystem::recursive_directory_iterator(table().root()),
            [](const auto& entry) { return entry.path().extension() == ".parquet"; });
    };
    const auto before = files_on_disk();
    GoldWriter::Replacement older = day(1);
    EXPECT_FALSE(replace(older, users(may_first, {"a"})));
    EXPECT_EQ(files_on_disk(), before + 1);
    writer_.discard(older);
    EXPECT_EQ(files_on_disk(), before);
    EXPECT_EQ(rows(), 2);
    writer_.discard(newer);
    EXPECT_EQ(files_on_disk(), before) << "its files are committed";
}

}  // namespace
}  // namespace millrace::gold
