#include "layers/table_reader.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "storage/parquet_file.h"
#include "storage/partition_path.h"

namespace millrace::layers {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::HasSubstr;

/// A row of the table that the tests read.
struct Visit {
    int second = 0;
    std::optional<std::string> user;
    std::int64_t views = 0;
};

arrow::FieldVector file_fields() {
    return {arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), false),
            arrow::field("user", arrow::utf8()), arrow::field("views", arrow::int64(), false)};
}

class TableReaderTest : public testing::Test {
  protected:
    TableReaderTest() { fs::remove_all(root_); }
    ~TableReaderTest() override { fs::remove_all(root_); }

    /// Adds a file with the visits of a day to the table.
    void add(const std::string& day, const std::vector<Visit>& visits, bool with_stats = true) {
        arrow::TimestampBuilder times(layout_.schema->field(0)->type(), arrow::default_memory_pool());
        arrow::StringBuilder users;
        arrow::Int64Builder views;
        for (const Visit& visit : visits) {
            EXPECT_TRUE(times.Append(visit.second * 1'000'000LL).ok() && views.Append(visit.views).ok() &&
                        (visit.user ? users.Append(*visit.user) : users.AppendNull()).ok());
        }
        const auto rows = arrow::RecordBatch::Make(
            layout_.schema, static_cast<std::int64_t>(visits.size()),
            {times.Finish().ValueOrDie(), users.Finish().ValueOrDie(), views.Finish().ValueOrDie()});
        storage::AddFile file;
        file.partition_values = {{"day", day}};
        file.path = storage::partition_directory(file.partition_values) + "/part-" +
                    std::to_string(files_++) + ".parquet";
        fs::create_directories((root_ / file.path).parent_path());
        storage::ParquetWriter writer(root_ / file.path, layout_);
        writer.write(*rows);
        storage::describe(file, writer.finish());
        if (!with_stats) file.stats.clear();
        storage::Commit commit;
        commit.adds.push_back(file);
        storage::DeltaTable::open_or_create(root_, *table_schema(), {"day"}).commit(std::move(commit), {});
    }

    [[nodiscard]] TableReader reader() const {
        arrow::FieldVector columns = layout_.schema->fields();
        columns.push_back(added_);
        TableLayer layer{.name = "visits",
                         .folder = root_,
                         .command = "make",
                         .file_columns = arrow::schema(columns),
                         .order = {}};
        layer.order.columns = layer.file_columns;
        layer.order.time = "at";
        layer.order.ties = {"user"};
        return TableReader(std::move(layer));
    }
    /// Returns the users of the newest rows.
    [[nodiscard]] LayerReader::Rows newest(std::int64_t limit, base::Duration last = {}) const {
        return reader().newest({{"user", "VARCHAR"}}, limit, last);
    }

    const fs::path root_ =
        fs::temp_directory_path() / ("millrace_table_reader_test_" + std::to_string(::getpid()));

  private:
    /// The table has columns that its files lack: that of its partitions, and one that was added later.
    [[nodiscard]] std::shared_ptr<arrow::Schema> table_schema() const {
        arrow::FieldVector fields = layout_.schema->fields();
        fields.push_back(arrow::field("day", arrow::utf8(), false));
        fields.push_back(added_);
        return arrow::schema(fields);
    }

    const storage::ParquetLayout layout_{
        .schema = arrow::schema(file_fields()), .plain = {}, .delta_encoded = {}, .without_stats = {}};
    const std::shared_ptr<arrow::Field> added_ = arrow::field("added", arrow::int64());
    int files_ = 0;
};

const storage::TableColumn user_column{"user", "VARCHAR"};
const storage::TableColumn views_column{"views", "BIGINT"};
const storage::TableColumn day_column{"day", "VARCHAR"};
const storage::TableColumn added_column{"added", "BIGINT"};

TEST_F(TableReaderTest, TheColumnsAreThoseOfTheTableInItsOrder) {
    add("2019-10-01", {{.second = 1, .user = "u"}});
    EXPECT_EQ(reader().columns(),
              (std::vector<storage::TableColumn>{
                  {"at", "TIMESTAMP WITH TIME ZONE"}, user_column, views_column, day_column, added_column}));
}

TEST_F(TableReaderTest, RowsAreCountedAlsoInFilesWithoutStats) {
    add("2019-10-01", {{.second = 1}, {.second = 2}});
    add("2019-10-02", {{.second = 3}, {.second = 4}, {.second = 5}}, false);
    EXPECT_EQ(reader().count(), 5);
    EXPECT_EQ(reader().count_by(day_column),
              (LayerReader::ValueCounts{{"2019-10-01", 2}, {"2019-10-02", 3}}));
}

TEST_F(TableReaderTest, ValuesAreCountedInTheOrderOfTheirTypeWithNullFirst) {
    add("2019-10-01", {{.user = "b", .views = 10}, {.user = std::nullopt, .views = 2}});
    add("2019-10-02", {{.user = "a", .views = 10}, {.user = "b", .views = -1}});
    EXPECT_EQ(reader().count_by(user_column), (LayerReader::ValueCounts{{nullptr, 1}, {"a", 1}, {"b", 2}}));
    EXPECT_EQ(reader().count_by(views_column), (LayerReader::ValueCounts{{-1, 1}, {2, 1}, {10, 2}}));
}

TEST_F(TableReaderTest, AColumnThatFilesLackIsNullInThem) {
    add("2019-10-01", {{.second = 1}, {.second = 2}});
    EXPECT_EQ(reader().count_by(added_column), (LayerReader::ValueCounts{{nullptr, 2}}));
    EXPECT_EQ(reader().newest({added_column, day_column}, 1, {}).cells.front(),
              (json::array{nullptr, "2019-10-01"}));
}

TEST_F(TableReaderTest, ANestedColumnCannotBeCountedBy) {
    add("2019-10-01", {{.second = 1}});
    try {
        static_cast<void>(reader().count_by({"tags", "VARCHAR[]"}));
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), Error::Kind::usage);
        EXPECT_THAT(error.what(), HasSubstr("visits cannot be counted by tags"));
    }
}

TEST_F(TableReaderTest, TheNewestRowsOfAllFilesComeFirst) {
    add("2019-10-02", {{.second = 3, .user = "three"}, {.second = 9, .user = "nine"}});
    add("2019-10-01", {{.second = 5, .user = "five"}});
    const auto two = newest(2);
    EXPECT_TRUE(two.is_truncated);
    EXPECT_EQ(two.cells, (std::vector<json::array>{{"nine"}, {"five"}}));
    const auto all = newest(3);
    EXPECT_FALSE(all.is_truncated) << "there are three rows";
    EXPECT_EQ(all.cells.size(), 3U);
    EXPECT_EQ(all.cells.back(), json::array{"three"});
}

TEST_F(TableReaderTest, OnlyRowsOfTheLastTimeBeforeTheNewestOneAreShown) {
    add("2019-10-01",
        {{.second = 90, .user = "new"}, {.second = 30, .user = "kept"}, {.second = 29, .user = "old"}});
    const auto lately = newest(2, std::chrono::minutes(1));
    EXPECT_FALSE(lately.is_truncated) << "the row that is left out is not one of the last minute";
    EXPECT_EQ(lately.cells, (std::vector<json::array>{{"new"}, {"kept"}}));
}

}  // namespace
}  // namespace millrace::layers
