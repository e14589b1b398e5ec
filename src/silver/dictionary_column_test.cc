#include "silver/dictionary_column.h"

#include <arrow/api.h>
#include <arrow/util/bit_util.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace millrace::silver {
namespace {

TEST(DictionaryColumn, ReturnsTheAppendedValuesAtAnySize) {
    DictionaryColumn column;
    for (const int distinct : {1, 7, 5'000}) {
        column.clear();
        for (int row = 0; row < 20'000; ++row) {
            const std::string value = "value " + std::to_string(row * 31 % distinct);
            if (row % 11 != 0)
                column.append(std::optional<std::string_view>(value), static_cast<std::size_t>(row));
        }
        const auto array = column.array(20'000);
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

TEST(DictionaryColumn, AColumnOfNullsOnlyHasNoArray) {
    DictionaryColumn column;
    column.append(std::nullopt, 3);
    EXPECT_EQ(column.array(10), nullptr);
}

TEST(DictionaryColumn, RowsWithoutAValueAreNullUpToTheEnd) {
    DictionaryColumn column;
    column.append(std::optional<std::string_view>(""), 2);
    const auto array = column.array(5);
    ASSERT_EQ(array->length(), 5);
    EXPECT_EQ(array->null_count(), 4);
    EXPECT_TRUE(array->IsValid(2));
}

TEST(DictionaryColumn, AValueBesideAnotherColumnsIsRightWhetherItFollowsFromItOrNot) {
    DictionaryColumn ids;
    DictionaryColumn names;
    for (int round = 0; round < 2; ++round) {
        const auto name_of = [&](int row) {
            return fmt::format("name {} {}", row % 7, row % 50 == 0 ? row : round);
        };
        for (int row = 0; row < 1'000; ++row) {
            const auto place = static_cast<std::size_t>(row);
            if (row % 3 != 0) ids.append(std::optional<std::string_view>(std::to_string(row % 7)), place);
            const std::string name = name_of(row);
            names.append_beside(ids, row % 11 == 0 ? std::nullopt : std::optional<std::string_view>(name),
                                place);
        }
        const auto array = names.array(1'000);
        const auto& encoded = dynamic_cast<const arrow::DictionaryArray&>(*array);
        const auto& values = dynamic_cast<const arrow::StringArray&>(*encoded.dictionary());
        for (int row = 0; row < 1'000; ++row) {
            ASSERT_EQ(array->IsNull(row), row % 11 == 0);
            if (row % 11 != 0) ASSERT_EQ(values.GetView(encoded.GetValueIndex(row)), name_of(row));
        }
        ids.clear();
        names.clear();
    }
}

TEST(ValidityBitmap, HasEachRunOfNulls) {
    const auto bitmap = validity_bitmap({{0, 1}, {3, 10}, {15, 1}}, 18);
    std::string bits;
    for (int row = 0; row < 18; ++row) bits += arrow::bit_util::GetBit(bitmap->data(), row) ? '1' : '0';
    EXPECT_EQ(bits, "011000000000011011");
}

TEST(ValidityBitmap, ThrowsWhenTheMemoryCannotBeAllocated) {
    EXPECT_THROW(validity_bitmap({{0, 1}}, std::size_t{1} << 60U), Error);
}

}  // namespace
}  // namespace millrace::silver
