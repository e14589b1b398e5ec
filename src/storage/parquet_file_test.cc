#include "storage/parquet_file.h"

#include <arrow/api.h>
#include <arrow/array/concatenate.h>
#include <arrow/compute/cast.h>
#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <unistd.h>

#include "base/error.h"
#include "storage/column.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;
using testing::AllOf, testing::HasSubstr, testing::ThrowsMessage;
using Values = std::shared_ptr<arrow::Array>;
using Type = std::shared_ptr<arrow::DataType>;

template <typename Builder, typename Value>
Values array_of(Builder& builder, const std::vector<std::optional<Value>>& values) {
    for (const auto& value : values)
        EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
    return builder.Finish().ValueOrDie();
}

Values texts() {
    arrow::StringBuilder builder;
    return array_of<arrow::StringBuilder, std::string>(builder, {"a", std::nullopt, "caf\xC3\xA9", "a"});
}
Values numbers() {
    arrow::Int64Builder builder;
    return array_of<arrow::Int64Builder, std::int64_t>(builder, {1, std::nullopt, -3, 100});
}
Values times() {
    arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                    arrow::default_memory_pool());
    return array_of<arrow::TimestampBuilder, std::int64_t>(
        builder, {0, std::nullopt, 1'569'888'000'000'000, -86'400'000'000});
}

Values as(const Values& values, const Type& type) {
    return arrow::compute::Cast(*values, type).ValueOrDie();
}
Values encoded(const Values& values, const Type& index_type) {
    const auto distinct = arrow::Concatenate({values->Slice(0, 1), values->Slice(2, 1)}).ValueOrDie();
    arrow::Int64Builder builder;
    const auto indices = array_of<arrow::Int64Builder, std::int64_t>(builder, {0, std::nullopt, 1, 0});
    return arrow::DictionaryArray::FromArrays(arrow::dictionary(index_type, values->type()),
                                              as(indices, index_type), distinct)
        .ValueOrDie();
}

class ParquetFileTest : public testing::Test {
  protected:
    ~ParquetFileTest() override { fs::remove(path_); }

    /// Writes the values as the column x and stores their Arrow type in the file, as other writers do.
    void write(const Values& values) const {
        const auto table = arrow::Table::Make(arrow::schema({arrow::field("x", values->type())}), {values});
        const auto file = arrow::io::FileOutputStream::Open(path_.string()).ValueOrDie();
        const auto noted = parquet::ArrowWriterProperties::Builder().store_schema()->build();
        ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file, 1024,
                                               parquet::default_writer_properties(), noted)
                        .ok());
        ASSERT_TRUE(file->Close().ok());
    }
    /// Reads the column x of a table in which the column has this type.
    Values read(const Type& type, ParquetReader::Strings strings = ParquetReader::Strings::plain) const {
        ParquetReader reader(path_, *arrow::schema({arrow::field("x", type)}), {}, strings);
        return reader.next()->GetColumnByName("x");
    }
    void expect_read(const Values& stored, const Values& expected) const {
        write(stored);
        const auto values = read(expected->type());
        EXPECT_TRUE(values->Equals(*expected)) << stored->type()->ToString() << ": " << values->ToString();
    }

    fs::path path_ = fs::temp_directory_path() / ("millrace_parquet_test_" + std::to_string(::getpid()));
};

TEST_F(ParquetFileTest, StringsAreReadHoweverTheyAreStored) {
    for (const Type& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view(), arrow::binary()})
        expect_read(as(texts(), type), texts());
    for (const Type& index : {arrow::int8(), arrow::uint16(), arrow::int32(), arrow::int64()})
        expect_read(encoded(texts(), index), texts());
    const Values bytes = as(texts(), arrow::binary());
    for (const Type& type : {arrow::binary(), arrow::large_binary(), arrow::binary_view()})
        expect_read(as(bytes, type), bytes);
    expect_read(encoded(bytes, arrow::int32()), bytes);
}

TEST_F(ParquetFileTest, NumbersAreReadWhateverTheirWidth) {
    for (const Type& type : {arrow::int32(), arrow::int64()}) {
        for (const Type& stored : {arrow::int8(), arrow::int16(), arrow::int32(), arrow::int64()})
            expect_read(as(numbers(), stored), as(numbers(), type));
    }
    for (const Type& stored : {arrow::float32(), arrow::float64()})
        expect_read(as(numbers(), stored), as(numbers(), arrow::float64()));
    for (const Type& stored : {arrow::decimal128(21, 2), arrow::decimal128(38, 4)})
        expect_read(as(numbers(), stored), as(numbers(), arrow::decimal128(38, 4)));
}

TEST_F(ParquetFileTest, TimesAreReadWhateverTheirUnitAndZone) {
    for (const auto unit : {arrow::TimeUnit::MILLI, arrow::TimeUnit::MICRO, arrow::TimeUnit::NANO}) {
        for (const char* zone : {"", "UTC", "+00:00", "Europe/Berlin"})
            expect_read(as(times(), arrow::timestamp(unit, zone)), times());
    }
    arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::NANO, "UTC"),
                                    arrow::default_memory_pool());
    write(array_of<arrow::TimestampBuilder, std::int64_t>(builder, {1'999}));
    const auto cut = read(times()->type());
    EXPECT_EQ(dynamic_cast<const arrow::TimestampArray&>(*cut).Value(0), 1)
        << "times are truncated to Delta's unit";
}

TEST_F(ParquetFileTest, StringsWithADictionaryAreTheSame) {
    for (const Values& stored : {texts(), as(texts(), arrow::large_utf8()), as(texts(), arrow::utf8_view()),
                                 encoded(texts(), arrow::int8()), encoded(texts(), arrow::int64())}) {
        write(stored);
        const auto values = read(arrow::utf8(), ParquetReader::Strings::dictionary);
        ASSERT_TRUE(values->type()->Equals(*arrow::dictionary(arrow::int32(), arrow::utf8())))
            << values->type()->ToString();
        EXPECT_TRUE(as(values, arrow::utf8())->Equals(*texts()));
    }
}

TEST_F(ParquetFileTest, ValuesOfAnotherKindAreRefusedWithFileAndColumn) {
    const auto named = AllOf(HasSubstr(path_.string()), HasSubstr("column x"));
    write(numbers());
    for (const Type& type : {arrow::utf8(), arrow::boolean(), times()->type(), arrow::float64()})
        EXPECT_THAT([&] { read(type); }, ThrowsMessage<Error>(named)) << type->ToString();
    write(texts());
    for (const Type& type : {arrow::int64(), times()->type(), arrow::list(arrow::utf8())})
        EXPECT_THAT([&] { read(type); }, ThrowsMessage<Error>(named)) << type->ToString();
    arrow::Int64Builder builder;
    write(array_of<arrow::Int64Builder, std::int64_t>(builder, {std::int64_t{1} << 40}));
    EXPECT_THAT([&] { read(arrow::int32()); }, ThrowsMessage<Error>(named)) << "the value is out of range";
}

TEST_F(ParquetFileTest, AColumnThatTheTableGotLaterIsNull) {
    write(numbers());
    ParquetReader reader(
        path_, *arrow::schema({arrow::field("x", arrow::int64()), arrow::field("y", arrow::utf8())}), {});
    const auto rows = reader.next();
    EXPECT_EQ(column<arrow::StringArray>(*rows, "y").null_count(), rows->num_rows());
}

TEST_F(ParquetFileTest, AColumnThatTheFileLacksIsAnErrorWhereItIsNeeded) {
    write(numbers());
    const auto y = arrow::field("y", arrow::utf8(), /*nullable=*/false);
    ParquetReader reader(path_, *arrow::schema({arrow::field("x", arrow::int64()), y}), {});
    const auto rows = reader.next();
    EXPECT_EQ(rows->num_columns(), 1);
    EXPECT_THAT([&] { column<arrow::StringArray>(*rows, "y"); },
                ThrowsMessage<Error>(AllOf(HasSubstr(path_.string()), HasSubstr("column y"))));
}

}  // namespace
}  // namespace millrace::storage
