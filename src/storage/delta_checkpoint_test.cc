#include "storage/delta_checkpoint.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace millrace::storage {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;

AddFile file_at(const std::string& path, std::int64_t size = 1) {
    return {.path = path, .partition_values = {{"day", "2019-10-01"}}, .size = size};
}
RemoveFile removal_of(const std::string& path, std::int64_t ms) {
    return {.path = path, .partition_values = {}, .size = 1, .deletion_timestamp = base::from_ms(ms)};
}

TEST(DeltaSnapshot, AFileThatIsAddedAgainIsLive) {
    Snapshot snapshot;
    snapshot.apply({.adds = {file_at("a"), file_at("b")}});
    snapshot.apply({.removes = {removal_of("a", 1), removal_of("b", 1)}});
    EXPECT_THAT(snapshot.files, IsEmpty());
    snapshot.apply({.adds = {file_at("a", 2)}});
    EXPECT_THAT(snapshot.files, ElementsAre(Key("a")));
    EXPECT_THAT(snapshot.tombstones, ElementsAre(Key("b")));
    snapshot.apply({.adds = {file_at("a", 3)}, .removes = {removal_of("a", 2)}});
    EXPECT_EQ(snapshot.files.at("a").size, 3) << "the add of a commit counts, and not the remove";
    EXPECT_EQ(snapshot.version, Version(3));
}

TEST(DeltaSnapshot, KeepsTheLastTxnOfEachApplicationAndTheLastMetadata) {
    Snapshot snapshot;
    snapshot.apply(
        {.metadata = Metadata{.id = "x", .schema_json = "old"}, .txns = {{"a", 5, {}}, {"b", 1, {}}}});
    snapshot.apply({.txns = {{"a", -1, {}}}});
    EXPECT_EQ(snapshot.txn("a", 7), -1);
    EXPECT_EQ(snapshot.txn("b", 7), 1);
    EXPECT_EQ(snapshot.txn("c", 7), 7);
    EXPECT_EQ(snapshot.metadata.schema_json, "old");
    snapshot.apply({.metadata = Metadata{.id = "x", .schema_json = "new"}});
    EXPECT_EQ(snapshot.metadata.schema_json, "new");
}

class DeltaCheckpointTest : public testing::Test {
  protected:
    DeltaCheckpointTest() {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }
    ~DeltaCheckpointTest() override { fs::remove_all(folder_); }

    [[nodiscard]] fs::path path(const std::string& name) const { return folder_ / name; }
    static std::vector<std::string> tombstones_in(const CheckpointParts& parts) {
        std::vector<std::string> paths;
        read_tombstones(parts, [&](RemoveFile&& remove) { paths.push_back(remove.path); });
        return paths;
    }
    /// Writes a checkpoint as another engine might, with these columns.
    fs::path foreign(const arrow::FieldVector& fields, const arrow::ArrayVector& columns) {
        const auto table = arrow::Table::Make(arrow::schema(fields), columns);
        const auto file = arrow::io::FileOutputStream::Open(path("foreign.parquet").string()).ValueOrDie();
        const auto types = parquet::ArrowWriterProperties::Builder().store_schema()->build();
        EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file, 1 << 20,
                                               parquet::default_writer_properties(), types)
                        .ok());
        EXPECT_TRUE(file->Close().ok());
        return path("foreign.parquet");
    }
    /// A struct column of one row.
    static std::shared_ptr<arrow::Array> struct_of(const arrow::ArrayVector& values,
                                                   const std::vector<std::string>& names) {
        return arrow::StructArray::Make(values, names).ValueOrDie();
    }
    template <typename Builder>
    static std::shared_ptr<arrow::Array> one(const auto& value) {
        Builder builder;
        EXPECT_TRUE(builder.Append(value).ok());
        return builder.Finish().ValueOrDie();
    }

    const fs::path folder_ =
        fs::path(testing::TempDir()) / ("millrace_delta_checkpoint_test_" + std::to_string(::getpid()));
};

TEST_F(DeltaCheckpointTest, WhatIsWrittenIsRead) {
    Snapshot snapshot;
    snapshot.apply({.metadata = Metadata{.id = "an-id",
                                         .name = "silver",
                                         .schema_json = "{}",
                                         .partition_columns = {"day", "type"},
                                         .configuration = {{"key", "value"}},
                                         .created_time = base::from_ms(7)},
                    .adds = {{.path = "type=a%3Ab/caf\xC3\xA9 1.parquet",
                              .partition_values = {{"day", "2019-10-01"}, {"type", ""}},
                              .size = 5'000'000'000,
                              .modification_time = base::from_ms(8),
                              .stats = R"({"numRecords":3})"}},
                    .txns = {{"app", 42, base::from_ms(9)}}});
    const fs::path file = path("1.parquet");
    EXPECT_EQ(write_checkpoint(file, snapshot, {}, {}), 4) << "protocol, metadata, a txn and a file";
    const Snapshot read = read_checkpoint({file}, Version(12));
    EXPECT_EQ(read.version, Version(12));
    EXPECT_EQ(read.protocol.min_writer_version, 2);
    EXPECT_EQ(read.metadata.id, "an-id");
    EXPECT_EQ(read.metadata.partition_columns, (std::vector<std::string>{"day", "type"}));
    EXPECT_EQ(read.metadata.configuration.at("key"), "value");
    EXPECT_EQ(read.metadata.created_time, base::from_ms(7));
    ASSERT_EQ(read.files.size(), 1U);
    const AddFile& add = read.files.begin()->second;
    EXPECT_EQ(add.path, "type=a%3Ab/caf\xC3\xA9 1.parquet");
    EXPECT_EQ(add.partition_values, (PartitionValues{{"day", "2019-10-01"}, {"type", ""}}));
    EXPECT_EQ(add.size, 5'000'000'000);
    EXPECT_EQ(add.stats, R"({"numRecords":3})");
    EXPECT_EQ(read.txn("app", 0), 42);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1)
        << "no temporary file is left";
}

TEST_F(DeltaCheckpointTest, TombstonesAreKeptFromTheLimitOn) {
    Snapshot snapshot;
    snapshot.apply({.removes = {removal_of("before", 99), removal_of("at", 100), removal_of("after", 101)}});
    write_checkpoint(path("1.parquet"), snapshot, {}, base::from_ms(100));
    EXPECT_THAT(tombstones_in({path("1.parquet")}), testing::UnorderedElementsAre("at", "after"));
    EXPECT_THAT(read_checkpoint({path("1.parquet")}, Version(1)).tombstones, IsEmpty())
        << "only vacuum needs them";
}

TEST_F(DeltaCheckpointTest, TombstonesOfTheCheckpointBeforeAreTakenOverUnlessTheFileIsNamedAgain) {
    Snapshot first;
    first.apply({.removes = {removal_of("old", 1), removal_of("valid", 100), removal_of("back", 100),
                             removal_of("again", 100)}});
    write_checkpoint(path("1.parquet"), first, {}, base::from_ms(1));
    Snapshot second = read_checkpoint({path("1.parquet")}, Version(1));
    second.apply({.adds = {file_at("back")}, .removes = {removal_of("again", 200)}});
    write_checkpoint(path("2.parquet"), second, {path("1.parquet")}, base::from_ms(50));
    EXPECT_THAT(tombstones_in({path("2.parquet")}), testing::UnorderedElementsAre("valid", "again"));
    EXPECT_THAT(read_checkpoint({path("2.parquet")}, Version(2)).files, ElementsAre(Key("back")));
}

TEST_F(DeltaCheckpointTest, ThePartsOfACheckpointAreOneSnapshot) {
    Snapshot one_part;
    one_part.apply({.adds = {file_at("a")}, .removes = {removal_of("c", 1)}});
    Snapshot other_part;
    other_part.apply({.adds = {file_at("b")}, .removes = {removal_of("d", 1)}});
    write_checkpoint(path("1.parquet"), one_part, {}, {});
    write_checkpoint(path("2.parquet"), other_part, {}, {});
    const CheckpointParts parts = {path("1.parquet"), path("2.parquet")};
    EXPECT_THAT(read_checkpoint(parts, Version(1)).files, ElementsAre(Key("a"), Key("b")));
    EXPECT_THAT(tombstones_in(parts), ElementsAre("c", "d"));
}

TEST_F(DeltaCheckpointTest, AnotherEnginesTypesAndMissingFieldsAreRead) {
    const auto add = struct_of(
        {one<arrow::LargeStringBuilder>("caf%C3%A9.parquet"), one<arrow::Int32Builder>(7)}, {"path", "size"});
    const auto protocol = struct_of({one<arrow::Int64Builder>(1), one<arrow::Int64Builder>(2)},
                                    {"minReaderVersion", "minWriterVersion"});
    const fs::path file = foreign(
        {arrow::field("add", add->type()), arrow::field("protocol", protocol->type())}, {add, protocol});
    const Snapshot read = read_checkpoint({file}, Version(1));
    ASSERT_THAT(read.files, ElementsAre(Key("caf\xC3\xA9.parquet")));
    EXPECT_EQ(read.files.begin()->second.size, 7);
    EXPECT_TRUE(read.files.begin()->second.stats.empty());
    EXPECT_EQ(read.protocol.min_reader_version, 1);
    EXPECT_THAT(tombstones_in({file}), IsEmpty());
}

TEST_F(DeltaCheckpointTest, WhatCannotBeReadIsAnErrorAndIsNotLeftOut) {
    const auto refused = [&](const std::shared_ptr<arrow::Array>& add, const std::string& reason) {
        const fs::path file = foreign({arrow::field("add", add->type())}, {add});
        EXPECT_THAT([&] { read_checkpoint({file}, Version(1)); },
                    testing::ThrowsMessage<Error>(HasSubstr(reason)));
    };
    const auto path_of = [](const char* path) { return one<arrow::StringBuilder>(path); };
    const auto vector = struct_of({one<arrow::StringBuilder>("u")}, {"storageType"});
    refused(struct_of({path_of("a"), vector}, {"path", "deletionVector"}), "deletionVectors");
    refused(struct_of({path_of("../a")}, {"path"}), "not inside the table");
    refused(struct_of({path_of("a"), path_of("large")}, {"path", "size"}), "size");
    refused(path_of("a"), "not a struct");
    EXPECT_THROW(read_checkpoint({path("missing.parquet")}, Version(1)), Error);
}

}  // namespace
}  // namespace millrace::storage
