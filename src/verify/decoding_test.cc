#include "verify/decoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "bronze/segment_log.h"
#include "silver/formats/record_decoder.h"
#include "silver/silver_table.h"

namespace millrace::verify {
namespace {

namespace fs = std::filesystem;
using bronze::Offset;
using testing::HasSubstr;

/// A log of one partition, and tables whose commits say that all of it is processed.
class DecodingTest : public testing::Test {
  protected:
    DecodingTest() {
        append(R"({"user_id":"u","event_type":"view","timestamp":"2026-01-01T00:00:00Z","product_id":"p"})");
        append(R"({"user_id":"u"})");
        append(R"({"type":"identify","userId":"u","messageId":"m"})");
        append(R"({"type":"track","event":"Order Completed","userId":"u","messageId":"m2",)"
               R"("timestamp":"2026-01-01T00:00:00Z",)"
               R"("properties":{"products":[{"product_id":"a","price":1},{"product_id":"b","price":2}]}})");
        progress_.decode_with(silver::decoder_version);
        progress_.pass_to(Offset(4), 4);
        progress_.received = 4;
        progress_.items = 5;
        progress_.ignored = 1;
        silver_[0].insert(Offset(0), 0);
        silver_[0].insert(Offset(3), 0);
        silver_[0].insert(Offset(3), 1);
        quarantined_[0].insert(Offset(1), 0);
    }
    ~DecodingTest() override { fs::remove_all(data_.root()); }

    void append(const std::string& message) {
        bronze::RecordBatchBuilder batch;
        batch.add("u", message, base::wall_time());
        log_->append(0, batch);
    }
    /// The check with these sets of items and this progress.
    VerifyReport check() {
        auto table = storage::DeltaTable::open_or_create(data_.silver(), *silver::silver_schema(),
                                                         silver::silver_partition_columns());
        storage::DeltaTable::open_or_create(data_.quarantine(), *silver::quarantine_schema(), {});
        storage::Commit commit;
        catalog::append_progress(commit.txns, catalog::identify(table.snapshot(), *log_), 0, progress_);
        table.commit(std::move(commit), [](const storage::Commit&) { return true; });
        VerifyReport report;
        check_decoding(SilverTables(data_, *log_), *log_, {}, silver_, quarantined_, report);
        return report;
    }
    /// The fault that the check finds, or what it counted.
    std::string detail() { return check().checks.at(0).detail; }

    const catalog::DataDirectory data_{fs::path(testing::TempDir()) /
                                       ("millrace_decoding_test_" + std::to_string(::getpid()))};
    std::unique_ptr<bronze::SegmentLog> log_ =
        bronze::SegmentLog::open_or_create(data_.bronze(), {.name = "events", .partitions = 1});
    catalog::PartitionProgress progress_;
    ItemSets silver_{1};
    ItemSets quarantined_{1};
};

TEST_F(DecodingTest, FindsEachItemWhereItsDecoderPutsIt) {
    const VerifyReport report = check();
    EXPECT_TRUE(report.passed()) << report.checks.at(0).detail;
    EXPECT_THAT(report.checks.at(0).detail, HasSubstr("4 records decoded again"));
    EXPECT_TRUE(report.notes.empty());
}

TEST_F(DecodingTest, AnEventInNeitherTableIsADuplicate) {
    silver_[0] = {};
    EXPECT_THAT(detail(), HasSubstr("4 records decoded again"));
}

TEST_F(DecodingTest, ABrokenItemMustBeInQuarantine) {
    quarantined_[0] = {};
    EXPECT_EQ(detail(), "partition 0 offset 1 item 0 breaks a rule, but is not in quarantine");
}

TEST_F(DecodingTest, AnIgnoredItemHasNoRow) {
    silver_[0].insert(Offset(2), 0);
    EXPECT_EQ(detail(), "partition 0 offset 2 item 0 is no event, but a table has its row");
}

TEST_F(DecodingTest, AGoodItemIsNotInQuarantine) {
    quarantined_[0].insert(Offset(3), 1);
    EXPECT_EQ(detail(), "partition 0 offset 3 item 1 breaks no rule, but is in quarantine");
}

TEST_F(DecodingTest, ATableHasNoRowOfAnItemThatTheRecordDoesNotHave) {
    silver_[0].insert(Offset(3), 2);
    EXPECT_EQ(detail(), "partition 0 offset 3 has 2 items, but a table has a row of another one");
}

TEST_F(DecodingTest, TheCountsOfTheCommitsAreThoseOfTheRecords) {
    progress_.items = 6;
    EXPECT_THAT(detail(), HasSubstr("has 5 items, 1 of them ignored; the commits count 6 and 1"));
}

TEST_F(DecodingTest, RecordsOfAnotherVersionAreNotDecodedAgain) {
    quarantined_[0] = {};
    progress_.decoder = 0;
    const VerifyReport report = check();
    EXPECT_TRUE(report.passed());
    EXPECT_THAT(report.notes.at(0), HasSubstr("millrace replay"));
    progress_.decoder = silver::decoder_version;
    progress_.decoded_from = Offset(2);
    EXPECT_THAT(detail(), HasSubstr("2 records decoded again"));
}

}  // namespace
}  // namespace millrace::verify
