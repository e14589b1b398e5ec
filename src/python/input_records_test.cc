#include "python/input_records.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace millrace::python {
namespace {

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> array_of(const std::vector<std::optional<Value>>& values) {
    Builder builder;
    for (const auto& value : values) {
        if (value) {
            EXPECT_TRUE(builder.Append(*value).ok());
        } else {
            EXPECT_TRUE(builder.AppendNull().ok());
        }
    }
    return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> batch_of(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const auto& [name, array] : columns) {
        fields.push_back(arrow::field(name, array->type()));
        arrays.push_back(array);
    }
    const std::int64_t rows = arrays.front()->length();
    return arrow::RecordBatch::Make(arrow::schema(fields), rows, arrays);
}

std::shared_ptr<arrow::Array> values_of(const std::vector<std::optional<std::string>>& values) {
    return array_of<arrow::BinaryBuilder>(values);
}

/// Reads what a parser may read after a value, which AddressSanitizer checks.
int sum_of_padding(const InputRecords& input) {
    int sum = 0;
    for (const InputRecord& each : input.records()) {
        if (each.record.value.data() == nullptr) continue;
        const char* after = each.record.value.data() + each.record.value.size();
        for (std::size_t i = 0; i < bronze::record_padding; ++i) sum += after[i] == '\x7f' ? 1 : 0;
    }
    return sum;
}

TEST(InputRecords, EachValueHasReadableBytesAfterIt) {
    const InputRecords plain({"a", "", "bc"}, {});
    EXPECT_EQ(sum_of_padding(plain), 0);
    const auto rows = batch_of({{"value", values_of({"a", std::nullopt, "", std::string(100, 'b'), "c"})}});
    const InputRecords input(*rows, {});
    EXPECT_EQ(sum_of_padding(input), 0);
    const InputRecords sliced(*rows->Slice(1, 3), {});
    ASSERT_EQ(sliced.records().size(), 3U);
    EXPECT_EQ(sliced.records()[0].record.value.data(), nullptr);
    EXPECT_EQ(sliced.records()[2].record.value, std::string(100, 'b'));
    EXPECT_EQ(sum_of_padding(sliced), 0);
}

TEST(InputRecords, AValueOfAnEmptyColumnIsEmptyAndNotNull) {
    const auto rows = batch_of({{"value", values_of({"", ""})}});
    const InputRecords input(*rows, {});
    EXPECT_NE(input.records()[0].record.value.data(), nullptr);
    EXPECT_EQ(sum_of_padding(input), 0);
}

TEST(InputRecords, ColumnsTellThePlaceAndTheRestFollows) {
    const auto rows = batch_of({{"value", values_of({"a", "b"})},
                                {"partition", array_of<arrow::Int64Builder, std::int64_t>({4, std::nullopt})},
                                {"offset", array_of<arrow::Int64Builder, std::int64_t>({std::nullopt, 9})},
                                {"key", values_of({std::nullopt, "k"})}});
    const InputRecords input(*rows, {.partition = 7, .offset = 100});
    EXPECT_EQ(input.records()[0].partition, 4);
    EXPECT_EQ(input.records()[1].partition, 7);
    EXPECT_EQ(input.records()[0].record.offset, bronze::Offset(100));
    EXPECT_EQ(input.records()[1].record.offset, bronze::Offset(9));
    EXPECT_EQ(input.records()[0].record.key.data(), nullptr);
    EXPECT_EQ(input.records()[1].record.key, "k");
}

TEST(InputRecords, HeadersAreThoseOfTheRecord) {
    const auto type =
        arrow::struct_({arrow::field("key", arrow::utf8()), arrow::field("value", arrow::binary())});
    auto keys = std::make_shared<arrow::StringBuilder>();
    auto values = std::make_shared<arrow::BinaryBuilder>();
    auto pairs = std::make_shared<arrow::StructBuilder>(
        type, arrow::default_memory_pool(), std::vector<std::shared_ptr<arrow::ArrayBuilder>>{keys, values});
    arrow::ListBuilder lists(arrow::default_memory_pool(), pairs);
    ASSERT_TRUE(lists.AppendNull().ok());
    ASSERT_TRUE(lists.Append().ok());
    ASSERT_TRUE(pairs->Append().ok() && keys->Append("a").ok() && values->Append("1").ok());
    ASSERT_TRUE(pairs->Append().ok() && keys->Append("b").ok() && values->AppendNull().ok());
    const auto rows = batch_of({{"value", values_of({"x", "y"})}, {"headers", lists.Finish().ValueOrDie()}});
    const InputRecords input(*rows->Slice(1), {});
    const auto headers = bronze::decode_headers(input.records()[0].record);
    ASSERT_EQ(headers.size(), 2U);
    EXPECT_EQ(headers[0].key, "a");
    EXPECT_EQ(headers[0].value, "1");
    EXPECT_EQ(headers[1].value.data(), nullptr);
}

TEST(InputRecords, AColumnOfAnotherTypeIsAnError) {
    const auto numbers = array_of<arrow::Int64Builder, std::int64_t>({1});
    EXPECT_THROW(InputRecords(*batch_of({{"value", numbers}}), {}), Error);
    EXPECT_THROW(InputRecords(*batch_of({{"body", values_of({"a"})}}), {}), Error);
    EXPECT_THROW(InputRecords(*batch_of({{"value", values_of({"a"})}, {"headers", numbers}}), {}), Error);
}

}  // namespace
}  // namespace millrace::python
