#include "api/table_usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "silver/silver_table.h"

namespace millrace::api {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class TableUsageTest : public testing::Test {
  protected:
    TableUsageTest() {
        storage::DeltaTable::open_or_create(data_.silver(), *silver::silver_schema(),
                                            silver::silver_partition_columns());
        base::replace_file(data_.silver() / "left.parquet", "12345");
    }
    ~TableUsageTest() override { fs::remove_all(data_.root()); }

    const catalog::DataDirectory data_{fs::path(testing::TempDir()) /
                                       ("table_usage_test_" + std::to_string(::getpid()))};
};

TEST_F(TableUsageTest, TellsLiveRemovedAndLogFilesApart) {
    TableUsage usage(data_);
    const auto tables = usage.tables();
    ASSERT_EQ(tables.size(), 1U) << "tables that do not exist are left out";
    const storage::DiskUsage& silver = tables.at("silver");
    EXPECT_EQ(silver.live.files, 0);
    EXPECT_EQ(silver.removed.files, 1);
    EXPECT_EQ(silver.removed.bytes, 5);
    EXPECT_EQ(silver.log.files, 1);
    EXPECT_EQ(usage.totals().at("files").as_int64(), 2);
    EXPECT_TRUE(usage.totals().at("bytes_per_hour").is_null()) << "it is too soon to tell";
}

TEST_F(TableUsageTest, IsPartOfTheMetrics) {
    TableUsage usage(data_);
    serve::MetricsText text;
    usage.add_metrics(text);
    EXPECT_THAT(text.text(), HasSubstr("millrace_table_files{table=\"silver\",kind=\"removed\"} 1"));
    EXPECT_THAT(text.text(), HasSubstr("millrace_table_bytes{table=\"silver\",kind=\"removed\"} 5"));
}

TEST_F(TableUsageTest, AShopWithoutTablesHasNone) {
    TableUsage usage(catalog::DataDirectory(data_.root() / "none"));
    serve::MetricsText text;
    usage.add_metrics(text);
    EXPECT_EQ(text.text(), "");
    EXPECT_EQ(usage.totals().at("files").as_int64(), 0);
}

}  // namespace
}  // namespace millrace::api
