#include "storage/table_columns.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "storage/arrow_schema.h"

namespace millrace::storage {
namespace {

TEST(TableColumns, TypesHaveTheNamesThatSqlGivesThem) {
    const auto schema = arrow::schema({
        arrow::field("user_id", arrow::utf8()),
        arrow::field("hour", arrow::int32()),
        arrow::field("views", arrow::int64()),
        arrow::field("price", arrow::float64()),
        arrow::field("revenue", arrow::decimal128(38, 4)),
        arrow::field("is_bot", arrow::boolean()),
        arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
        arrow::field("value", arrow::binary()),
    });
    const std::vector<TableColumn> expected = {
        {"user_id", "VARCHAR"},
        {"hour", "INTEGER"},
        {"views", "BIGINT"},
        {"price", "DOUBLE"},
        {"revenue", "DECIMAL(38,4)"},
        {"is_bot", "BOOLEAN"},
        {"at", "TIMESTAMP WITH TIME ZONE"},
        {"value", "BLOB"},
    };
    EXPECT_EQ(table_columns(delta_schema(*schema)), expected);
}

TEST(TableColumns, NestedTypesAreSpelledOut) {
    const auto header =
        arrow::struct_({arrow::field("key", arrow::utf8()), arrow::field("value", arrow::binary())});
    const auto columns =
        table_columns(delta_schema(*arrow::schema({arrow::field("headers", arrow::list(header))})));
    ASSERT_EQ(columns.size(), 1U);
    EXPECT_EQ(columns[0].type, "STRUCT(\"key\" VARCHAR, \"value\" BLOB)[]");
    EXPECT_TRUE(columns[0].is_nested());
    EXPECT_FALSE((TableColumn{"price", "DOUBLE"}).is_nested());
}

}  // namespace
}  // namespace millrace::storage
