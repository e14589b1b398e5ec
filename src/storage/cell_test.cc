#include "storage/cell.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

namespace millrace::storage {
namespace {

TEST(TableCell, ArrowValuesKeepTheirType) {
    arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::NANO, "UTC"),
                                  arrow::default_memory_pool());
    ASSERT_TRUE(times.Append(1'500).ok() && times.AppendNull().ok());
    const auto time = times.Finish().ValueOrDie();
    EXPECT_EQ(cell_of(*time, 0), "1970-01-01T00:00:00.000001Z");
    EXPECT_TRUE(cell_of(*time, 1).is_null());

    arrow::Decimal128Builder money(arrow::decimal128(38, 4));
    ASSERT_TRUE(money.Append(arrow::Decimal128(15892800)).ok());
    EXPECT_EQ(cell_of(*money.Finish().ValueOrDie(), 0), "1589.2800");

    arrow::BooleanBuilder flags;
    ASSERT_TRUE(flags.Append(true).ok());
    EXPECT_EQ(cell_of(*flags.Finish().ValueOrDie(), 0), true);

    arrow::StringDictionary32Builder words;
    ASSERT_TRUE(words.Append("view").ok() && words.Append("view").ok());
    EXPECT_EQ(cell_of(*words.Finish().ValueOrDie(), 1), "view");
}

TEST(TableCell, PartitionValuesHaveTheTypeOfTheirColumn) {
    const PartitionValues partition = {{"day", "2019-10-01"}, {"hour", "7"}, {"none", ""}};
    EXPECT_EQ(partition_cell(partition, {"day", "VARCHAR"}), "2019-10-01");
    EXPECT_EQ(partition_cell(partition, {"hour", "INTEGER"}), 7);
    EXPECT_EQ(partition_cell(partition, {"hour", "VARCHAR"}), "7");
    EXPECT_TRUE(partition_cell(partition, {"none", "VARCHAR"}).is_null());
    EXPECT_TRUE(partition_cell(partition, {"other", "VARCHAR"}).is_null());
}

}  // namespace
}  // namespace millrace::storage
