#include "storage/delta_action.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/error.h"

namespace millrace::storage {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using testing::ThrowsMessage;

constexpr const char* file_name = "00001.json";

/// A commit with each kind of action.
Commit full_commit() {
    Commit commit;
    commit.operation = "CREATE \"TABLE\"";
    commit.timestamp = base::from_ms(1'700'000'000'000);
    commit.protocol = Protocol{.min_reader_version = 1, .min_writer_version = 2};
    commit.metadata = Metadata{.id = "an-id",
                               .name = "silver",
                               .schema_json = R"({"type":"struct","fields":[]})",
                               .partition_columns = {"day", "type"},
                               .configuration = {{"delta.logRetentionDuration", "interval 7 days"}},
                               .created_time = base::from_ms(7)};
    commit.adds.push_back({.path = "type=a%3Ab/caf\xC3\xA9 1.parquet",
                           .partition_values = {{"day", "2019-10-01"}, {"type", ""}},
                           .size = 1'234'567'890'123,
                           .modification_time = base::from_ms(8),
                           .data_change = false,
                           .stats = R"({"numRecords":3})"});
    commit.removes.push_back({.path = "old file.parquet",
                              .partition_values = {{"day", "2019-10-02"}},
                              .size = 9,
                              .deletion_timestamp = base::from_ms(10),
                              .data_change = true});
    commit.txns.push_back({"millrace/events/0/0", 42, base::from_ms(11)});
    return commit;
}

TEST(DeltaAction, WhatIsWrittenIsRead) {
    const Commit commit = parse_commit(serialize_commit(full_commit()), file_name);
    EXPECT_EQ(commit.operation, "CREATE \"TABLE\"");
    EXPECT_EQ(commit.timestamp, base::from_ms(1'700'000'000'000));
    ASSERT_TRUE(commit.protocol);
    EXPECT_EQ(commit.protocol->min_writer_version, 2);
    ASSERT_TRUE(commit.metadata);
    EXPECT_EQ(commit.metadata->id, "an-id");
    EXPECT_EQ(commit.metadata->schema_json, R"({"type":"struct","fields":[]})");
    EXPECT_EQ(commit.metadata->partition_columns, (std::vector<std::string>{"day", "type"}));
    EXPECT_EQ(commit.metadata->configuration.at("delta.logRetentionDuration"), "interval 7 days");
    EXPECT_EQ(commit.metadata->created_time, base::from_ms(7));
    ASSERT_THAT(commit.adds, SizeIs(1));
    EXPECT_EQ(commit.adds[0].path, "type=a%3Ab/caf\xC3\xA9 1.parquet");
    EXPECT_EQ(commit.adds[0].partition_values, (PartitionValues{{"day", "2019-10-01"}, {"type", ""}}));
    EXPECT_EQ(commit.adds[0].size, 1'234'567'890'123);
    EXPECT_EQ(commit.adds[0].modification_time, base::from_ms(8));
    EXPECT_FALSE(commit.adds[0].data_change);
    EXPECT_EQ(commit.adds[0].stats, R"({"numRecords":3})");
    ASSERT_THAT(commit.removes, SizeIs(1));
    EXPECT_EQ(commit.removes[0].path, "old file.parquet");
    EXPECT_EQ(commit.removes[0].deletion_timestamp, base::from_ms(10));
    EXPECT_TRUE(commit.removes[0].data_change);
    ASSERT_THAT(commit.txns, SizeIs(1));
    EXPECT_EQ(commit.txns[0].app_id, "millrace/events/0/0");
    EXPECT_EQ(commit.txns[0].version, 42);
}

TEST(DeltaAction, PathsAreUrisAndEmptyPartitionValuesAreNullForOtherEngines) {
    const std::string text = serialize_commit(full_commit());
    EXPECT_THAT(text, HasSubstr(R"("path":"type=a%253Ab/caf%C3%A9%201.parquet")"));
    EXPECT_THAT(text, HasSubstr(R"("partitionValues":{"day":"2019-10-01","type":null})"));
}

TEST(DeltaAction, DamagedCommitsAreErrorsThatNameTheFile) {
    for (const char* text :
         {"", "\n \r\n", "{\"add\":{\"path\":\"a\"", "[1]", "{\"add\":{\"path\":\"/etc/passwd\"}}",
          "{\"add\":{\"path\":\"../x\"}}", "{\"remove\":{\"path\":\"a/%2e%2e/%2E%2E/x\"}}", "{\"add\":{}}",
          "{\"add\":{\"path\":\"s3://b/x\"}}", "{\"add\":{\"path\":\"file:/x\"}}",
          "{\"add\":{\"path\":\"a%00b\"}}",
          "{\"add\":{\"path\":\"a\",\"deletionVector\":{\"storageType\":\"u\"}}}"}) {
        EXPECT_THAT([&] { parse_commit(text, file_name); }, ThrowsMessage<Error>(HasSubstr(file_name)))
            << text;
    }
    EXPECT_EQ(parse_commit(R"({"add":{"path":"a..b/..c"}})", file_name).adds.at(0).path, "a..b/..c");
}

TEST(DeltaAction, ACommitThatHasLostLinesIsAnError) {
    const std::string whole = serialize_commit(full_commit());
    ASSERT_EQ(std::ranges::count(whole, '\n'), 6) << "one for each action, and commitInfo";
    for (std::size_t end = 0; end < whole.size(); ++end) {
        if (end > 0 && whole[end - 1] != '\n') continue;
        EXPECT_THROW(parse_commit(std::string_view(whole).substr(0, end), file_name), Error) << end;
    }
    EXPECT_THROW(parse_commit(whole + R"({"txn":{"appId":"more","version":1}})", file_name), Error);
    const std::string_view without_last_newline = std::string_view(whole).substr(0, whole.size() - 1);
    EXPECT_THAT(parse_commit(without_last_newline, file_name).adds, SizeIs(1));
}

TEST(DeltaAction, ACommitOfAnotherWriterNeedsNoCommitInfo) {
    const Commit bare = parse_commit(R"({"txn":{"appId":"theirs","version":7}})", file_name);
    EXPECT_EQ(bare.txns.at(0).version, 7);
    EXPECT_EQ(bare.operation, "WRITE");
    const Commit theirs = parse_commit(
        R"({"commitInfo":{"operation":"OPTIMIZE","operationMetrics":{"numLines":"9"}}})", file_name);
    EXPECT_EQ(theirs.operation, "OPTIMIZE");
}

TEST(DeltaAction, ActionsThatAreNotKnownAndMissingFieldsAreAllowed) {
    const Commit commit = parse_commit(
        "{\"domainMetadata\":{\"domain\":\"x\"}}\r\n\r\n{\"add\":{\"path\":\"a\",\"partitionValues\":null}}",
        file_name);
    ASSERT_THAT(commit.adds, SizeIs(1));
    EXPECT_TRUE(commit.adds[0].data_change);
    EXPECT_TRUE(commit.adds[0].partition_values.empty());
    EXPECT_TRUE(commit.adds[0].stats.empty());
}

TEST(DeltaAction, ACommitThatOnlyJoinsFilesRemovesNoData) {
    Commit commit = full_commit();
    EXPECT_TRUE(commit.removes_data());
    commit.removes[0].data_change = false;
    EXPECT_FALSE(commit.removes_data());
    EXPECT_TRUE(commit.moves_any({"other", "millrace/events/0/0"}));
    EXPECT_FALSE(commit.moves_any({"millrace/events/0/1"}));
}

TEST(DeltaAction, AProtocolThatIsTooNewIsRefusedByItsFeaturesOrElseItsVersion) {
    EXPECT_NO_THROW(check_readable({.min_reader_version = 1, .min_writer_version = 7}, "t"));
    EXPECT_THAT([] { check_readable({.min_reader_version = 2, .min_writer_version = 5}, "t"); },
                ThrowsMessage<Error>(HasSubstr("reader version 2")));
    EXPECT_THAT(
        [] { check_readable({.min_reader_version = 3, .reader_features = {"v2Checkpoint", "x"}}, "t"); },
        ThrowsMessage<Error>(HasSubstr("v2Checkpoint, x")));
    EXPECT_NO_THROW(check_writable({}, {}, "t"));
    EXPECT_THAT([] { check_writable({.min_writer_version = 4}, {}, "t"); },
                ThrowsMessage<Error>(HasSubstr("writer version 4")));
    EXPECT_THAT([] { check_writable({}, {.schema_json = R"({"delta.invariants":"x > 3"})"}, "t"); },
                ThrowsMessage<Error>(HasSubstr("column invariants")));
}

}  // namespace
}  // namespace millrace::storage
