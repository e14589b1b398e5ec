#include "catalog/partition_progress.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"

namespace millrace::catalog {
namespace {

namespace fs = std::filesystem;
using bronze::Offset;
using testing::HasSubstr;

/// One partition in memory, with gaps in the offsets where Kafka has its control records.
class ProgressLog : public bronze::EventLog {
  public:
    explicit ProgressLog(int epoch = bronze::unknown_epoch) : epoch_(epoch) {}

    void add(Offset offset, std::string_view value) {
        records_.push_back({.offset = offset, .key = "k", .value = value});
        held_.end = offset + 1;
    }
    void begin_at(Offset start) { held_.start = start; }
    void end_at(Offset end) { held_.end = end; }

    [[nodiscard]] const std::string& topic() const override { return topic_; }
    [[nodiscard]] int partitions() const override { return 1; }
    [[nodiscard]] int epoch() const override { return epoch_; }
    [[nodiscard]] bronze::OffsetRange offsets(int /*partition*/) const override { return held_; }
    Offset append(int /*partition*/, bronze::RecordBatchBuilder& /*batch*/) override { return held_.end; }
    [[nodiscard]] std::unique_ptr<bronze::PartitionReader> read(int /*partition*/,
                                                                Offset offset) const override {
        return std::make_unique<Reader>(records_, offset);
    }
    [[nodiscard]] Offset offset_at(int /*partition*/, base::WallTime /*timestamp*/) const override {
        return held_.end;
    }
    [[nodiscard]] std::int64_t records_numbered() const override { return 0; }
    [[nodiscard]] std::uint32_t append_sequence() const override { return 0; }
    void wait_for_append(std::uint32_t /*seen*/, std::chrono::microseconds /*limit*/) const override {}
    void wake() const override {}

  private:
    class Reader : public bronze::PartitionReader {
      public:
        Reader(const std::vector<bronze::Record>& records, Offset next) : records_(records), next_(next) {}
        std::span<const bronze::Record> poll(std::size_t /*max_bytes*/) override {
            const auto from = std::ranges::lower_bound(records_, next_, {}, &bronze::Record::offset);
            if (from == records_.end()) return {};
            next_ = from->offset + 1;
            return {&*from, 1};
        }
        [[nodiscard]] Offset next_offset() const override { return next_; }

      private:
        const std::vector<bronze::Record>& records_;
        Offset next_;
    };

    const std::string topic_ = "clicks";
    const int epoch_;
    std::vector<bronze::Record> records_;
    bronze::OffsetRange held_;
};

/// The progress after a record, whose CRC it holds.
PartitionProgress progress_after(Offset offset, std::string_view value) {
    return {.next_offset = offset + 1,
            .received = 1,
            .last_crc = record_crc({.offset = offset, .key = "k", .value = value})};
}

storage::Snapshot snapshot_of(const std::vector<storage::Txn>& txns) {
    storage::Snapshot snapshot;
    for (const storage::Txn& txn : txns) snapshot.txns[txn.app_id] = txn;
    return snapshot;
}

TEST(PartitionProgress, WhatIsStoredIsReadBack) {
    const ProgressLog log(7);
    std::vector<storage::Txn> txns;
    append_progress(txns, {"clicks", 7}, 0,
                    {.next_offset = Offset(100),
                     .received = 90,
                     .items = 92,
                     .duplicates = 5,
                     .quarantined = 3,
                     .skipped = 10,
                     .clock = model::from_us(1'569'888'000'000'123),
                     .last_crc = 0xE3069283});
    const auto read = read_progress(snapshot_of(txns), log, 0);
    EXPECT_EQ(read.next_offset, Offset(100));
    EXPECT_EQ(read.received, 90);
    EXPECT_EQ(read.items, 92);
    EXPECT_EQ(read.silver_rows(), 84);
    EXPECT_EQ(read.skipped, 10);
    EXPECT_EQ(read.clock, model::from_us(1'569'888'000'000'123));
    EXPECT_EQ(read.last_crc, 0xE3069283) << "a CRC above the int32 range stays positive";
}

TEST(PartitionProgress, NamesTheVersionOfTheDecodersAndWhereItBegan) {
    const ProgressLog log(7);
    PartitionProgress progress{.next_offset = Offset(100)};
    progress.decode_with(2);
    progress.pass_to(Offset(150), 50);
    progress.decode_with(2);
    std::vector<storage::Txn> txns;
    append_progress(txns, {"clicks", 7}, 0, progress);
    const auto read = read_progress(snapshot_of(txns), log, 0);
    EXPECT_EQ(read.decoder, 2);
    EXPECT_EQ(read.decoded_from, Offset(100));
}

TEST(PartitionProgress, BeginsAtTheStartOfALogThatTheTableDoesNotKnow) {
    ProgressLog log(7);
    log.add(Offset(40), "a");
    log.begin_at(Offset(40));
    std::vector<storage::Txn> txns;
    append_progress(txns, {"clicks", 6}, 0, {.next_offset = Offset(100), .received = 100});
    append_progress(txns, {"clicks", 7}, 1, {.next_offset = Offset(100), .received = 100});
    const auto read = read_progress(snapshot_of(txns), log, 0);
    EXPECT_EQ(read.next_offset, Offset(40)) << "the progress of another epoch or partition was taken";
    EXPECT_EQ(read.received, 0);
    EXPECT_EQ(read.last_crc, -1);
}

TEST(PartitionProgress, OnlyALogWithoutEpochsTakesTheTablesEpoch) {
    const auto snapshot = snapshot_of({{"millrace/clicks/epoch", 3, {}}});
    EXPECT_EQ(identify(snapshot, ProgressLog()), (LogIdentity{"clicks", 3}));
    EXPECT_EQ(identify(snapshot, ProgressLog(7)), (LogIdentity{"clicks", 7}));
    EXPECT_EQ(identify({}, ProgressLog()), (LogIdentity{"clicks", 0}));
}

TEST(PartitionProgress, OffsetsThatWerePassedWithoutARecordAreSkipped) {
    PartitionProgress progress{.next_offset = Offset(10)};
    progress.pass_to(Offset(15), 3);
    progress.pass_to(Offset(15), 0);
    EXPECT_EQ(progress.next_offset, Offset(15));
    EXPECT_EQ(progress.skipped, 2);
}

TEST(PartitionProgress, RecordsFromTheEndOnAreLeftOut) {
    const std::vector<bronze::Record> records = {
        {.offset = Offset(3)}, {.offset = Offset(5)}, {.offset = Offset(8)}};
    EXPECT_EQ(before(records, Offset(9)).size(), 3U);
    EXPECT_EQ(before(records, Offset(8)).size(), 2U);
    EXPECT_EQ(before(records, Offset(6)).size(), 2U);
    EXPECT_EQ(before(records, Offset(3)).size(), 0U);
    EXPECT_TRUE(before({}, Offset(3)).empty());
}

// The CRC-32C of "123456789" is the check value of the standard.
TEST(PartitionProgress, TheCrcIsOfTheKeyAndThenTheValue) {
    EXPECT_EQ(record_crc({.key = "1234", .value = "56789"}), 0xE3069283);
    EXPECT_EQ(record_crc({.value = "123456789"}), 0xE3069283);
}

TEST(PartitionStatus, IsOfThePartitionsThatACommitAdvanced) {
    storage::Commit commit;
    append_progress(commit.txns, {"clicks", 7}, 0, {.received = 20});
    append_progress(commit.txns, {"clicks", 7}, 12, {.received = 90, .quarantined = 4});
    commit.txns.push_back({"millrace/clicks/7/12/behind", 33, base::from_ms(5000)});
    commit.txns.push_back({"other/behind", 1, base::from_ms(5000)});
    const auto statuses = read_status(commit);
    ASSERT_EQ(statuses.size(), 1U);
    EXPECT_EQ(statuses[0].partition, 12);
    EXPECT_EQ(statuses[0].behind, 33);
    EXPECT_EQ(statuses[0].received, 90);
    EXPECT_EQ(statuses[0].quarantined, 4);
    EXPECT_EQ(statuses[0].committed_at, base::from_ms(5000));
}

TEST(LostRecords, AreSkippedAndTheRecordBeforeThemIsForgotten) {
    ProgressLog log(7);
    log.add(Offset(20), "later");
    log.begin_at(Offset(20));
    const auto passed = past_lost_records(log, 0, progress_after(Offset(4), "a"));
    EXPECT_EQ(passed.next_offset, Offset(20));
    EXPECT_EQ(passed.skipped, 15);
    EXPECT_EQ(passed.received, 1);
    EXPECT_EQ(passed.last_crc, -1);
    const auto same = past_lost_records(log, 0, progress_after(Offset(19), "a"));
    EXPECT_EQ(same.skipped, 0) << "the progress is at the start of the log";
    EXPECT_NE(same.last_crc, -1);
}

TEST(LostRecords, EndAStageWithTheirNumber) {
    ProgressLog log(7);
    log.add(Offset(20), "later");
    log.begin_at(Offset(20));
    try {
        check_same_log(log, 0, progress_after(Offset(4), "a"));
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("clicks partition 0 at offset 5"));
        EXPECT_THAT(error.what(), HasSubstr("begins at offset 20: 15 records"));
        EXPECT_THAT(error.what(), HasSubstr("--on-data-loss continue"));
    }
    EXPECT_NO_THROW(check_same_log(log, 0, progress_after(Offset(19), "a")));
}

TEST(OtherLog, IsOneThatIsShorterOrHasAnotherRecord) {
    ProgressLog log;
    log.add(Offset(0), "a");
    log.add(Offset(1), "b");
    EXPECT_FALSE(find_other_log(log, 0, progress_after(Offset(1), "b")));
    EXPECT_FALSE(find_other_log(log, 0, progress_after(Offset(0), "a")));
    EXPECT_THAT(find_other_log(log, 0, progress_after(Offset(0), "b")).value_or(""), HasSubstr("record"));
    EXPECT_THAT(find_other_log(log, 0, progress_after(Offset(2), "c")).value_or(""),
                HasSubstr("ends at offset 2"));
}

TEST(OtherLog, IsNotFoundWhereThereIsNoRecordToCompare) {
    ProgressLog log;
    log.add(Offset(10), "a");
    log.begin_at(Offset(10));
    log.add(Offset(13), "b");
    log.end_at(Offset(15));  // 11, 12 and 14 are control records
    PartitionProgress progress = progress_after(Offset(9), "removed");
    EXPECT_FALSE(find_other_log(log, 0, progress)) << "the record before the progress was removed";
    progress.next_offset = Offset(13);
    EXPECT_FALSE(find_other_log(log, 0, progress)) << "a control record is before the progress";
    progress.next_offset = Offset(15);
    EXPECT_FALSE(find_other_log(log, 0, progress)) << "the log ends with a control record";
    progress.next_offset = Offset(11);
    EXPECT_TRUE(find_other_log(log, 0, progress));
    progress.last_crc = -1;
    EXPECT_FALSE(find_other_log(log, 0, progress)) << "the record before the progress is not known";
}

TEST(OtherLog, IsARecreatedTopicOnlyWithoutEpochs) {
    for (const int epoch : {bronze::unknown_epoch, 7}) {
        ProgressLog log(epoch);
        log.add(Offset(0), "new");
        std::vector<storage::Txn> txns;
        append_progress(txns, {"clicks", epoch}, 0, progress_after(Offset(0), "old"));
        EXPECT_EQ(was_recreated(log, snapshot_of(txns), {0}), epoch == bronze::unknown_epoch);
        EXPECT_FALSE(was_recreated(log, snapshot_of({}), {0})) << "the table knows no record of the topic";
    }
}

class NewEpochTest : public testing::Test {
  protected:
    NewEpochTest() { fs::remove_all(root_); }
    ~NewEpochTest() override { fs::remove_all(root_); }

    storage::DeltaTable open() const {
        return storage::DeltaTable::open_or_create(root_,
                                                   *arrow::schema({arrow::field("id", arrow::int64())}), {});
    }

    const fs::path root_ =
        fs::temp_directory_path() / ("millrace_new_epoch_test_" + std::to_string(::getpid()));
};

TEST_F(NewEpochTest, ReadsTheLogFromItsStart) {
    storage::DeltaTable table = open();
    const ProgressLog log;
    storage::Commit commit;
    append_progress(commit.txns, identify(table.snapshot(), log), 0, progress_after(Offset(41), "old"));
    table.commit(std::move(commit), {});
    ASSERT_EQ(read_progress(open().snapshot(), log, 0).next_offset, Offset(42));
    begin_epoch(table, log);
    EXPECT_EQ(identify(open().snapshot(), log).epoch, 1);
    EXPECT_EQ(read_progress(open().snapshot(), log, 0).next_offset, Offset(0));
}

TEST_F(NewEpochTest, IsBegunByOneOfTheWorkersThatFindTheNewTopic) {
    storage::DeltaTable one = open();
    storage::DeltaTable other = open();
    const ProgressLog log;
    begin_epoch(one, log);
    begin_epoch(other, log);
    EXPECT_EQ(open().snapshot().txn("millrace/clicks/epoch", 0), 1);
}

}  // namespace
}  // namespace millrace::catalog
