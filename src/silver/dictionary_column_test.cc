#include "silver/dictionary_column.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace millrace::silver {
namespace {

TEST(DictionaryColumn, ReturnsTheAppendedValuesAtAnySize) {
    DictionaryColumn column;
    for (const int distinct : {1, 7, 5'000}) {
        column.clear();
        for (int row = 0; row < 20'000; ++row) {
            if (row % 11 == 0) {
                column.append_null();
            } else {
                column.append("value " + std::to_string(row * 31 % distinct));
            }
        }
        const auto array = column.array();
        ASSERT_EQ(array->length(), 20'000);
        const auto& encoded = dynamic_cast<const arrow::DictionaryArray&>(*array);
        const auto& values = dynamic_cast<const arrow::StringArray&>(*encoded.dictionary());
        ASSERT_LE(values.length(), distinct);
        for (int row = 0; row < 20'000; ++row) {
            ASSERT_EQ(array->IsNull(row), row % 11 == 0);
            if (array->IsNull(row)) continue;
            ASSERT_EQ(values.GetView(encoded.GetValueIndex(row)),
                      "value " + std::to_string(row * 31 % distinct));
        }
    }
}

TEST(DictionaryColumn, AColumnOfNullsOnlyIsValid) {
    DictionaryColumn column;
    for (int row = 0; row < 10; ++row) column.append_null();
    EXPECT_EQ(column.array()->null_count(), 10);
}

TEST(ValidityBitmap, ThrowsWhenTheMemoryCannotBeAllocated) {
    EXPECT_THROW(validity_bitmap({0}, std::size_t{1} << 60U), Error);
}

}  // namespace
}  // namespace millrace::silver
