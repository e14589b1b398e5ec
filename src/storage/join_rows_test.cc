#include "storage/join_rows.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

namespace millrace::storage {
namespace {

std::shared_ptr<arrow::Array> array_of(const std::shared_ptr<arrow::DataType>& type, std::string_view json) {
    return *arrow::json::ArrayFromJSONString(type, json);
}

const auto text_in_dictionary = arrow::dictionary(arrow::int32(), arrow::utf8());

std::shared_ptr<arrow::Array> dictionary_of(std::string_view indices, std::string_view values) {
    return *arrow::DictionaryArray::FromArrays(text_in_dictionary, array_of(arrow::int32(), indices),
                                               array_of(arrow::utf8(), values));
}

std::shared_ptr<arrow::RecordBatch> batch_of(const std::vector<std::string>& names,
                                             const arrow::ArrayVector& columns) {
    arrow::FieldVector fields;
    for (std::size_t i = 0; i < names.size(); ++i)
        fields.push_back(arrow::field(names[i], columns[i]->type()));
    return arrow::RecordBatch::Make(arrow::schema(fields), columns.front()->length(), columns);
}

const auto orders_schema =
    arrow::schema({arrow::field("id", arrow::int64()), arrow::field("user", arrow::utf8()),
                   arrow::field("order", arrow::utf8()), arrow::field("coupon", arrow::utf8())});

TEST(JoinRows, UnifiesDictionariesOfTheBatches) {
    const auto joined = join_rows({batch_of({"id", "user"}, {array_of(arrow::int64(), "[1, 2]"),
                                                             dictionary_of("[0, 1]", R"(["ann", "bob"])")}),
                                   batch_of({"id", "user"}, {array_of(arrow::int64(), "[3, 4]"),
                                                             dictionary_of("[0, null]", R"(["bob"])")})},
                                  *orders_schema);
    ASSERT_TRUE(joined->ValidateFull().ok());
    EXPECT_EQ(joined->num_rows(), 4);
    const auto users = std::static_pointer_cast<arrow::DictionaryArray>(joined->GetColumnByName("user"));
    const auto& names = static_cast<const arrow::StringArray&>(*users->dictionary());
    EXPECT_EQ(names.GetView(users->GetValueIndex(0)), "ann");
    EXPECT_EQ(names.GetView(users->GetValueIndex(2)), "bob");
    EXPECT_TRUE(users->IsNull(3));
    EXPECT_TRUE(joined->schema()->GetFieldByName("user")->nullable());
    EXPECT_FALSE(joined->schema()->GetFieldByName("id")->nullable());
}

TEST(JoinRows, FillsColumnsThatABatchLacksWithNulls) {
    const auto joined = join_rows(
        {batch_of({"id", "order"}, {array_of(arrow::int64(), "[1]"), array_of(arrow::utf8(), "[null]")}),
         batch_of({"id", "order"}, {array_of(arrow::int64(), "[2]"), dictionary_of("[0]", R"(["o-1"])")}),
         batch_of({"id"}, {array_of(arrow::int64(), "[3]")})},
        *orders_schema);
    ASSERT_TRUE(joined->ValidateFull().ok());
    EXPECT_EQ(joined->num_columns(), 2) << "no batch has a user or a coupon";
    const auto orders = joined->GetColumnByName("order");
    EXPECT_TRUE(orders->IsNull(0));
    EXPECT_TRUE(orders->IsValid(1));
    EXPECT_TRUE(orders->IsNull(2));
    EXPECT_EQ(orders->type()->id(), arrow::Type::DICTIONARY);
}

}  // namespace
}  // namespace millrace::storage
