#include "storage/arrow_schema.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "storage/delta_table.h"

namespace millrace::storage {
namespace {

TEST(ArrowSchema, IsTheOneThatADeltaSchemaWasMadeOf) {
    const auto schema = arrow::schema(
        {arrow::field("text", arrow::utf8(), false), arrow::field("number", arrow::int64()),
         arrow::field("small", arrow::int32()), arrow::field("real", arrow::float64()),
         arrow::field("money", arrow::decimal128(38, 4)), arrow::field("flag", arrow::boolean()),
         arrow::field("time", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
         arrow::field("bytes", arrow::binary()),
         arrow::field("texts", arrow::list(arrow::field("element", arrow::utf8(), true))),
         arrow::field("pair", arrow::struct_({arrow::field("key", arrow::utf8())}))});
    EXPECT_EQ(arrow_schema(delta_schema(*schema))->ToString(), schema->ToString());
}

TEST(ArrowSchema, HasTheTypesOfOtherWriters) {
    const auto type_of = [](const std::string& type) {
        return arrow_schema(R"({"type":"struct","fields":[{"name":"a","type":)" + type +
                            R"(,"nullable":true,"metadata":{}}]})")
            ->field(0)
            ->type()
            ->ToString();
    };
    EXPECT_EQ(type_of(R"("date")"), "date32[day]");
    EXPECT_EQ(type_of(R"("timestamp_ntz")"), "timestamp[us]");
    EXPECT_EQ(type_of("\"decimal(10,2)\""), "decimal128(10, 2)");
    EXPECT_EQ(type_of(R"({"type":"map","keyType":"string","valueType":"short","valueContainsNull":true})"),
              "map<string, int16>");
    EXPECT_THROW(type_of(R"("variant")"), Error);
}

}  // namespace
}  // namespace millrace::storage
