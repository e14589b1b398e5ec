#include "silver/stage/quarantine_replay.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "bronze/segment_log.h"
#include "silver/quarantine_rows.h"
#include "silver/silver_table.h"
#include "storage/delta_table.h"
#include "storage/parquet_file.h"

namespace millrace::silver {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A quarantine table, and the log to which its records are replayed.
class QuarantineReplayTest : public testing::Test {
  protected:
    QuarantineReplayTest()
        : table_(storage::DeltaTable::open_or_create(data_.quarantine(), *quarantine_schema(), {})),
          log_(bronze::SegmentLog::open_or_create(data_.bronze(), {.name = "events", .partitions = 1})) {}
    ~QuarantineReplayTest() override { std::filesystem::remove_all(data_.root()); }

    static std::filesystem::path new_folder() {
        auto folder = std::filesystem::path(testing::TempDir()) /
                      ("millrace_quarantine_replay_test_" + std::to_string(::getpid()));
        std::filesystem::remove_all(folder);
        return folder;
    }
    static QuarantineRow row(std::int64_t offset, const std::string& value, std::int64_t log_time_ms = 0) {
        return {.partition = 0,
                .offset = bronze::Offset(offset),
                .timestamp = base::from_ms(log_time_ms),
                .key = "old key",
                .value = value,
                .headers = "",
                .rule = model::ValidationRule::bad_price,
                .field = "price"};
    }
    /// Commits rows as one file of the quarantine table.
    void quarantine(const std::vector<QuarantineRow>& rows, const std::string& topic = "events") {
        std::vector<const QuarantineRow*> pointers;
        for (const QuarantineRow& each : rows) pointers.push_back(&each);
        storage::AddFile add;
        add.path = "part-" + std::to_string(files_++) + ".parquet";
        storage::ParquetWriter writer(table_.root() / add.path, quarantine_layout());
        writer.write(*quarantine_batch(pointers, topic, 3, model::from_us(0)));
        storage::describe(add, writer.finish());
        storage::Commit commit;
        commit.adds.push_back(std::move(add));
        table_.commit(std::move(commit), [](const storage::Commit&) { return true; });
    }
    QuarantineReplayReport replay(const QuarantineFilter& filter = {}) {
        return replay_quarantine(data_, *log_, filter, fix_by_setting({{"price", "5"}}));
    }
    /// The records of the log as `key value`, and the positions in their replay headers.
    struct LoggedRecords {
        std::vector<std::string> records;
        std::vector<std::string> positions;
    };
    [[nodiscard]] LoggedRecords logged() const {
        LoggedRecords found;
        const auto reader = log_->read(0, bronze::Offset(0));
        for (auto polled = reader->poll(1 << 20); !polled.empty(); polled = reader->poll(1 << 20)) {
            for (const bronze::Record& record : polled) {
                found.records.push_back(std::string(record.key) + " " + std::string(record.value));
                for (const bronze::Header& header : bronze::decode_headers(record)) {
                    if (header.key == bronze::origin_header::replayed)
                        found.positions.emplace_back(header.value);
                }
            }
        }
        return found;
    }
    [[nodiscard]] std::vector<std::int64_t> newest(const QuarantineFilter& filter, std::size_t limit) const {
        std::vector<std::int64_t> offsets;
        for (const auto& record : newest_quarantined(data_, filter, limit))
            offsets.push_back(record.offset.value());
        return offsets;
    }

    const catalog::DataDirectory data_{new_folder()};
    storage::DeltaTable table_;
    std::unique_ptr<bronze::SegmentLog> log_;
    int files_ = 0;
};

FixResult fixed(const std::string& value, const std::vector<std::pair<std::string, std::string>>& fields) {
    QuarantinedRecord record;
    record.value = value;
    return fix_by_setting(fields)(record);
}

TEST(QuarantineFix, AValueIsSetAsJsonOrElseAsAString) {
    EXPECT_EQ(fixed(R"({"a":1})", {{"price", "5.5"}}).value, R"({"a":1,"price":5.5E0})");
    EXPECT_EQ(fixed(R"({"a":1})", {{"a", "\"5\""}}).value, R"({"a":"5"})");
    EXPECT_EQ(fixed(R"({"a":1})", {{"a", "user 7"}, {"b", "null"}}).value, R"({"a":"user 7","b":null})");
}

TEST(QuarantineFix, APointerSetsAPlaceWithinTheMessage) {
    QuarantinedRecord record;
    record.value = R"({"properties":{"products":[{"price":"x"},{"price":"y"}],"a/b":1}})";
    EXPECT_EQ(fix_by_setting({{"/properties/products/1/price", "5"}})(record).value,
              R"({"properties":{"products":[{"price":"x"},{"price":5}],"a/b":1}})");
    EXPECT_EQ(fix_by_setting({{"/properties/a~1b", "2"}})(record).value,
              R"({"properties":{"products":[{"price":"x"},{"price":"y"}],"a/b":2}})");
    for (const char* nowhere : {"/properties/products/2/price", "/other/x", "/properties/products/x"})
        EXPECT_FALSE(fix_by_setting({{nowhere, "1"}})(record).value) << nowhere;
}

TEST(QuarantineFix, WhatIsNoObjectCannotBeFixedAndAnEqualValueIsNoFix) {
    for (const char* value : {"", "{", "[1]", "7"}) {
        const FixResult result = fixed(value, {{"a", "1"}});
        EXPECT_FALSE(result.value) << value;
        EXPECT_FALSE(result.unchanged) << value;
    }
    EXPECT_TRUE(fixed(R"({"a":1})", {{"a", "1"}}).unchanged);
    EXPECT_FALSE(fixed(R"({"a":1})", {{"a", "2"}}).unchanged);
}

TEST_F(QuarantineReplayTest, FixedRecordsAreAppendedOnceWithTheirPosition) {
    quarantine({row(4, R"({"user_id":"u","price":-1})"), row(5, R"({"price":0})")});
    const auto first = replay();
    EXPECT_EQ(first.appended, 2);
    EXPECT_THAT(logged().records, ElementsAre(R"(u {"user_id":"u","price":5})", R"(old key {"price":5})"));
    EXPECT_THAT(logged().positions, ElementsAre("events/3/0/4", "events/3/0/5"));
    const auto second = replay();
    EXPECT_EQ(second.appended, 0);
    EXPECT_EQ(second.already, 2);
    EXPECT_EQ(logged().records.size(), 2U);
}

TEST_F(QuarantineReplayTest, ARowThatStandsTwiceIsAppendedOnce) {
    quarantine({row(4, R"({"price":0})")});
    quarantine({row(4, R"({"price":0})")});
    const auto report = replay();
    EXPECT_EQ(report.appended, 1);
    EXPECT_EQ(report.already, 0);
}

TEST_F(QuarantineReplayTest, RecordsThatNothingCanBeDoneForAreCounted) {
    quarantine({row(1, "no json"), row(2, R"({"price":5})")});
    quarantine({row(3, R"({"price":0})")}, "another topic");
    const auto report = replay();
    EXPECT_EQ(report.appended, 0);
    EXPECT_EQ(report.unfixable, 1);
    EXPECT_EQ(report.unchanged, 1);
    EXPECT_THAT(logged().records, IsEmpty());
}

TEST_F(QuarantineReplayTest, ARecordThatIsQuarantinedAgainKeepsItsHeadersAndItsFirstPosition) {
    QuarantineRow again = row(9, R"({"price":0})");
    again.headers =
        bronze::encode_headers({{"source", "web"}, {bronze::origin_header::replayed, "events/3/0/4"}});
    quarantine({again});
    EXPECT_EQ(replay().appended, 1);
    EXPECT_THAT(logged().positions, ElementsAre("events/3/0/4", "events/3/0/9"));
    const auto reader = log_->read(0, bronze::Offset(0));
    const auto headers = bronze::decode_headers(reader->poll(1).front());
    ASSERT_EQ(headers.size(), 3U);
    EXPECT_EQ(headers[0].key, "source");
    EXPECT_EQ(headers[0].value, "web");
}

TEST_F(QuarantineReplayTest, OnlyRecordsThatTheFilterAdmitsAreReplayed) {
    quarantine({row(1, R"({"price":0})"), row(2, R"({"price":0})")});
    EXPECT_EQ(replay({.rule = "bad_json"}).appended, 0);
    EXPECT_EQ(replay({.partition = 1}).appended, 0);
    EXPECT_EQ(replay({.rule = "bad_price", .partition = 0, .offset = bronze::Offset(2)}).appended, 1);
    EXPECT_THAT(logged().positions, ElementsAre("events/3/0/2"));
}

TEST_F(QuarantineReplayTest, TheNewestRowsComeFirstUpToTheLimit) {
    quarantine({row(1, "", 100), row(2, "", 300)});
    quarantine({row(3, "", 200), row(4, "", 300)});
    EXPECT_THAT(newest({}, 3), ElementsAre(4, 2, 3)) << "of the same time, the one of the later offset";
    EXPECT_THAT(newest({.offset = bronze::Offset(1)}, 3), ElementsAre(1));
    EXPECT_THAT(newest({.rule = "bad_json"}, 3), IsEmpty());
}

TEST_F(QuarantineReplayTest, AScanEndsWhenItsVisitorHasSeenEnough) {
    quarantine({row(1, ""), row(2, ""), row(3, "")});
    quarantine({row(4, "")});
    int seen = 0;
    scan_quarantine(data_, {}, [&](const QuarantinedRecord&) { return ++seen < 2; });
    EXPECT_EQ(seen, 2);
}

TEST_F(QuarantineReplayTest, WithoutATableThereIsNothingToReplay) {
    std::filesystem::remove_all(data_.quarantine());
    EXPECT_EQ(replay().appended, 0);
    EXPECT_THAT(newest({}, 3), IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(data_.quarantine()));
}

}  // namespace
}  // namespace millrace::silver
