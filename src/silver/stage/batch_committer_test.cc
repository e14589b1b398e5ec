#include "silver/stage/batch_committer.h"

#include <gtest/gtest.h>

#include "silver/stage/listed_log.h"

namespace millrace::silver {
namespace {

/// A sink that a test tells what to answer.
class FakeSink : public BatchSink {
  public:
    void refresh() override {}
    [[nodiscard]] const storage::Snapshot& snapshot() const override { return snapshot_; }
    [[nodiscard]] const std::filesystem::path& root() const override { return root_; }
    [[nodiscard]] catalog::LogIdentity identity() const override { return {}; }
    void begin_epoch() override {}
    [[nodiscard]] catalog::PartitionProgress progress(int /*partition*/) const override { return {}; }
    [[nodiscard]] ItemPlaces quarantined(int /*partition*/, bronze::Offset /*from*/) const override {
        return {};
    }
    [[nodiscard]] Files live_files() const override { return {}; }
    [[nodiscard]] WrittenFiles write(const std::vector<LanePart>& /*parts*/) override { return {}; }
    bool commit(const std::vector<LanePart>& /*parts*/, WrittenFiles /*files*/, IdSet& /*ids*/,
                BatchReport& report) override {
        if (gives_up) return false;
        report.version = storage::Version(++versions);
        return true;
    }

    bool gives_up = false;
    std::int64_t versions = 0;

  private:
    storage::Snapshot snapshot_;
    std::filesystem::path root_;
};

class BatchCommitterTest : public testing::Test {
  protected:
    BatchCommitterTest() {
        for (int i = 0; i < 10; ++i) log_.add(0, "{}");
        tracker_.grow_to(1);
        tracker_.set_ours({0});
        committer_.on_batch([this](const BatchReport& report) { reports_.push_back(report); });
    }

    /// A batch of partition 0 that has come to `end`: received records, of which some are duplicates or
    /// quarantined.
    static std::vector<LanePart> batch(std::int64_t first, std::int64_t end, std::int64_t duplicates = 0,
                                       std::int64_t quarantined = 0, std::int64_t copies_in_table = 0) {
        std::vector<LanePart> parts(1);
        PartitionPart& partition = parts[0].partitions.emplace_back();
        partition.first_offset = bronze::Offset(first);
        partition.end.next_offset = bronze::Offset(end);
        partition.received = end - first;
        partition.items = end - first;
        partition.duplicates = duplicates;
        partition.quarantined = quarantined;
        partition.copies_in_table = copies_in_table;
        parts[0].files.push_back(std::make_unique<EventColumns>());
        return parts;
    }

    ListedLog log_{1};
    model::ShopSettings settings_;
    EventTypes types_{100};
    IdSet ids_{1 << 20};
    Horizon horizon_{std::chrono::hours(24), 1};
    ColumnPool columns_;
    base::WorkerPool pool_{1};
    PartitionTracker tracker_{log_};
    CommitQueue queue_;
    FakeSink sink_;
    BatchCommitter committer_{
        sink_, {log_, settings_, types_, ids_, horizon_, columns_}, tracker_, pool_, &queue_};
    std::vector<BatchReport> reports_;
};

TEST_F(BatchCommitterTest, ReportsWhatTheBatchHeldAndWhatIsLeft) {
    auto parts = batch(0, 7, 2, 1);
    EXPECT_EQ(committer_.commit(parts, 1), BatchCommitter::Result::committed);
    ASSERT_EQ(reports_.size(), 1U);
    EXPECT_EQ(reports_[0].version, storage::Version(1));
    EXPECT_EQ(reports_[0].received, 7);
    EXPECT_EQ(reports_[0].silver, 4);
    EXPECT_EQ(reports_[0].lag, 3);
    EXPECT_EQ(tracker_.lag(), 3);
}

TEST_F(BatchCommitterTest, ABatchThatIsGivenUpChangesNothing) {
    sink_.gives_up = true;
    auto parts = batch(0, 7);
    EXPECT_EQ(committer_.commit(parts, 1), BatchCommitter::Result::given_up);
    EXPECT_TRUE(reports_.empty());
    EXPECT_EQ(tracker_.lag(), 10);
}

TEST_F(BatchCommitterTest, ABatchThatPassedNoOffsetIsNotCommitted) {
    auto parts = batch(4, 4);
    EXPECT_EQ(committer_.commit(parts, 1), BatchCommitter::Result::nothing_to_commit);
    EXPECT_EQ(sink_.versions, 0);
}

TEST_F(BatchCommitterTest, HandsTheRowsToGoldOnceItListens) {
    auto before = batch(0, 2);
    committer_.commit(before, 1);
    EXPECT_FALSE(queue_.pop(storage::Version(1))) << "Gold was not there; it reads the table";
    queue_.open();
    auto after = batch(2, 4);
    committer_.commit(after, 2);
    EXPECT_TRUE(queue_.pop(storage::Version(2)));
}

TEST_F(BatchCommitterTest, CopiesThatTheTableHadCountInEachTotalFromThenOn) {
    std::vector<std::int64_t> totals;
    committer_.on_parts(
        [&](const std::vector<LanePart>& parts) { totals.push_back(parts[0].partitions[0].end.duplicates); });
    auto first = batch(0, 4, 1, 0, 2);
    committer_.commit(first, 1);
    auto second = batch(4, 8);
    committer_.commit(second, 2);
    EXPECT_EQ(reports_[0].duplicates, 3);
    EXPECT_EQ(reports_[1].duplicates, 0);
    EXPECT_EQ(totals, (std::vector<std::int64_t>{2, 2}));
}

TEST_F(BatchCommitterTest, TheRateOfInputIsKnownFromTheSecondCommitOn) {
    auto first = batch(0, 4);
    committer_.commit(first, 1);
    auto second = batch(4, 8);
    committer_.commit(second, 2);
    EXPECT_EQ(reports_[0].input_per_second, 0);
    EXPECT_EQ(reports_[1].input_per_second, 0) << "what was committed had been in the log before";
}

}  // namespace
}  // namespace millrace::silver
