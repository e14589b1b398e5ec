#include "storage/arrow_schema.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

#include "base/error.h"

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

TEST(DeltaSchema, HasTheTypesThatOtherLibrariesGive) {
    const auto type_of = [](const std::shared_ptr<arrow::DataType>& type) {
        return arrow_schema(delta_schema(*arrow::schema({arrow::field("a", type)})))->field(0)->type();
    };
    for (const auto& same : {arrow::int8(), arrow::int16(), arrow::float32(), arrow::date32()})
        EXPECT_EQ(type_of(same)->ToString(), same->ToString());
    EXPECT_EQ(type_of(arrow::utf8_view())->ToString(), "string");
    EXPECT_EQ(type_of(arrow::large_utf8())->ToString(), "string");
    EXPECT_EQ(type_of(arrow::large_binary())->ToString(), "binary");
    EXPECT_EQ(type_of(arrow::dictionary(arrow::int32(), arrow::utf8()))->ToString(), "string");
    EXPECT_EQ(type_of(arrow::large_list(arrow::utf8_view()))->ToString(), "list<element: string>");
}

TEST(DeltaSchema, ATypeThatATableCannotHaveIsToldWithWhatToDo) {
    const auto told = [](const std::shared_ptr<arrow::DataType>& type) {
        try {
            return delta_schema(*arrow::schema({arrow::field("a", type)}));
        } catch (const Error& error) {
            return std::string(error.what());
        }
    };
    EXPECT_THAT(told(arrow::uint32()), testing::HasSubstr("no type uint32. Give it as a signed integer."));
    EXPECT_THAT(told(arrow::timestamp(arrow::TimeUnit::MICRO)), testing::HasSubstr("Give it a time zone"));
    EXPECT_THAT(told(arrow::decimal128(5, -2)), testing::HasSubstr("a scale from 0"));
    EXPECT_THAT(told(arrow::struct_(arrow::FieldVector())), testing::HasSubstr("without members"));
    for (const char* name : {"", "a b", "a;b", "B", "b"}) {
        const auto inner =
            arrow::struct_({arrow::field(name, arrow::utf8()), arrow::field("b", arrow::utf8())});
        EXPECT_THAT(told(inner), testing::HasSubstr("named")) << name;
    }
    EXPECT_THAT(told(arrow::time32(arrow::TimeUnit::SECOND)), testing::HasSubstr("no type time32[s]"));
}

}  // namespace
}  // namespace millrace::storage
