#include "storage/newest_rows.h"

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <tuple>

#include "base/error.h"
#include "storage/parquet_file.h"
#include "storage/partition_path.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;

struct Row {
    model::Timestamp time;
    std::int32_t partition = 0;
    std::int64_t offset = 0;

    friend bool operator==(const Row&, const Row&) = default;
};

Row row_at(std::int64_t us, std::int32_t partition, std::int64_t offset) {
    return {model::from_us(us), partition, offset};
}

bool newer(const Row& a, const Row& b) {
    return std::tie(a.time, a.partition, a.offset) > std::tie(b.time, b.partition, b.offset);
}

const ParquetLayout& layout() {
    static const ParquetLayout layout{
        .schema = arrow::schema({arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), false),
                                 arrow::field("partition", arrow::int32(), false),
                                 arrow::field("offset", arrow::int64(), false)}),
        .plain = {},
        .delta_encoded = {"offset"},
        .without_stats = {}};
    return layout;
}

class NewestRowsTest : public testing::Test {
  protected:
    NewestRowsTest() { fs::remove_all(root_); }
    ~NewestRowsTest() override { fs::remove_all(root_); }

    /// Adds a file with these rows to the table and returns its path.
    fs::path add(const std::vector<Row>& rows) {
        arrow::TimestampBuilder times(layout().schema->field(0)->type(), arrow::default_memory_pool());
        arrow::Int32Builder partitions;
        arrow::Int64Builder offsets;
        for (const Row& row : rows) {
            EXPECT_TRUE(times.Append(model::to_us(row.time)).ok() && partitions.Append(row.partition).ok() &&
                        offsets.Append(row.offset).ok());
        }
        const auto batch = arrow::RecordBatch::Make(
            layout().schema, static_cast<std::int64_t>(rows.size()),
            {times.Finish().ValueOrDie(), partitions.Finish().ValueOrDie(), offsets.Finish().ValueOrDie()});
        AddFile file;
        file.partition_values = {{"day", "2019-10-01"}};
        // The file names are in random order, like UUIDs.
        file.path =
            partition_directory(file.partition_values) + "/part-" + std::to_string(random_()) + ".parquet";
        fs::create_directories((root_ / file.path).parent_path());
        ParquetWriter writer(root_ / file.path, layout());
        writer.write(*batch);
        describe(file, writer.finish());
        Commit commit;
        commit.adds.push_back(file);
        table().commit(std::move(commit), [](const Commit&) { return true; });
        return root_ / file.path;
    }

    DeltaTable table() {
        arrow::FieldVector fields = layout().schema->fields();
        fields.push_back(arrow::field("day", arrow::utf8(), false));
        return DeltaTable::open_or_create(root_, *arrow::schema(fields), {"day"});
    }

    static NewestRows wanted(std::size_t limit) {
        return {.columns = layout().schema,
                .time = "at",
                .ties = {"partition", "offset"},
                .limit = limit,
                .filter = {},
                .filter_columns = {}};
    }

    std::vector<Row> found(const NewestRows& wanted) {
        const DeltaTable opened = table();
        const auto places = newest_rows(opened, wanted);
        std::vector<Row> rows(places.size());
        read_rows(
            opened, *layout().schema, places, {},
            [&](std::size_t place, const arrow::RecordBatch& batch, std::int64_t row) {
                const auto& times = dynamic_cast<const arrow::TimestampArray&>(*batch.GetColumnByName("at"));
                const auto& partitions =
                    dynamic_cast<const arrow::Int32Array&>(*batch.GetColumnByName("partition"));
                const auto& offsets =
                    dynamic_cast<const arrow::Int64Array&>(*batch.GetColumnByName("offset"));
                rows[place] = {model::from_us(times.Value(row)), partitions.Value(row), offsets.Value(row)};
                EXPECT_EQ(rows[place].time, places[place].time);
            });
        return rows;
    }

    fs::path root_ = fs::temp_directory_path() / ("millrace_newest_test_" + std::to_string(::getpid()));
    std::mt19937 random_{7};
};

TEST_F(NewestRowsTest, RowsComeNewestFirstHoweverFilesHoldThem) {
    std::vector<Row> all;
    for (int p = 0; p < 3; ++p) {
        for (int i = 0; i < 200; ++i)
            all.push_back(row_at(static_cast<std::int64_t>(random_() % 40) * 1'000'003, p, i));
    }
    std::ranges::shuffle(all, random_);
    for (std::size_t from = 0; from < all.size(); from += 60)
        add({all.begin() + static_cast<std::ptrdiff_t>(from),
             all.begin() + static_cast<std::ptrdiff_t>(from + 60)});
    std::ranges::sort(all, newer);
    for (const std::size_t limit : {1UZ, 7UZ, 60UZ, 599UZ, 600UZ, 1000UZ}) {
        const std::vector<Row> expected(
            all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(limit, all.size())));
        EXPECT_EQ(found(wanted(limit)), expected) << limit;
    }
}

TEST_F(NewestRowsTest, FilesOfOlderRowsAreNotOpened) {
    const auto old_file = add({row_at(1'000'000, 0, 0), row_at(2'000'000, 0, 1)});
    add({row_at(50'000'000, 0, 2), row_at(60'000'000, 0, 3)});
    fs::remove(old_file);
    EXPECT_EQ(found(wanted(2)), (std::vector<Row>{row_at(60'000'000, 0, 3), row_at(50'000'000, 0, 2)}));
    EXPECT_THROW(found(wanted(3)), Error);
}

TEST_F(NewestRowsTest, OnlyRowsThatTheFilterWantsAreCounted) {
    add({row_at(1, 0, 0), row_at(2, 1, 0), row_at(3, 0, 1), row_at(4, 1, 1), row_at(5, 0, 2)});
    NewestRows odd = wanted(2);
    odd.filter_columns = {"partition"};
    odd.filter = [](const arrow::RecordBatch& batch, std::int64_t row) {
        return dynamic_cast<const arrow::Int32Array&>(*batch.GetColumnByName("partition")).Value(row) == 1;
    };
    EXPECT_EQ(found(odd), (std::vector<Row>{row_at(4, 1, 1), row_at(2, 1, 0)}));
}

TEST_F(NewestRowsTest, ATableWithoutRowsHasNone) {
    EXPECT_TRUE(found(wanted(20)).empty());
}

TEST_F(NewestRowsTest, AColumnThatHoldsNoTimesIsAnError) {
    add({row_at(1, 0, 0)});
    EXPECT_THROW(found({.columns = layout().schema,
                        .time = "offset",
                        .ties = {},
                        .limit = 1,
                        .filter = {},
                        .filter_columns = {}}),
                 Error);
}

}  // namespace
}  // namespace millrace::storage
