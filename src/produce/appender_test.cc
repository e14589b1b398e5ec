#include "produce/appender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "bronze/partitioner.h"

namespace millrace::produce {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// A log that keeps the values of the records that are appended. A test may let it fail.
class KeepingLog : public bronze::EventLog {
  public:
    explicit KeepingLog(int partitions) : partitions_(partitions) {}

    [[nodiscard]] const std::string& topic() const override { return topic_; }
    [[nodiscard]] int partitions() const override { return partitions_; }
    [[nodiscard]] int epoch() const override { return 1; }
    [[nodiscard]] bronze::OffsetRange offsets(int /*partition*/) const override { return {}; }
    bronze::Offset append(int partition, bronze::RecordBatchBuilder& batch) override {
        if (fails) throw Error("appending", "the disk is full");
        const std::string_view bytes = batch.finish();
        const auto header = bronze::parse_batch_header(bytes);
        std::vector<bronze::Record> records;
        std::string scratch;
        EXPECT_TRUE(header && bronze::decode_records(*header, bytes, scratch, records));
        const std::lock_guard lock(mutex_);
        auto& batches = batches_[partition];
        batches.emplace_back();
        for (const bronze::Record& record : records) batches.back().emplace_back(record.value);
        return bronze::Offset(0);
    }
    [[nodiscard]] std::unique_ptr<bronze::PartitionReader> read(int /*partition*/,
                                                                bronze::Offset /*offset*/) const override {
        return nullptr;
    }
    [[nodiscard]] bronze::Offset offset_at(int /*partition*/, base::WallTime /*timestamp*/) const override {
        return bronze::Offset(0);
    }
    [[nodiscard]] std::int64_t records_numbered() const override { return 0; }
    [[nodiscard]] std::uint32_t append_sequence() const override { return 0; }
    void wait_for_append(std::uint32_t /*seen*/, std::chrono::microseconds /*limit*/) const override {}
    void wake() const override {}

    using Batches = std::vector<std::vector<std::string>>;
    [[nodiscard]] Batches batches(int partition) const {
        const std::lock_guard lock(mutex_);
        const auto found = batches_.find(partition);
        return found == batches_.end() ? Batches() : found->second;
    }

    std::atomic<bool> fails = false;

  private:
    const std::string topic_ = "events";
    const int partitions_;
    mutable std::mutex mutex_;
    std::map<int, Batches> batches_;
};

TEST(AppenderTest, RecordsOfAPartitionAreAppendedInOrderWhateverTheirBatches) {
    KeepingLog log(3);
    Appender appender(log, 200);
    std::map<int, std::vector<std::string>> expected;
    for (int i = 0; i < 1000; ++i) {
        const std::string key = "user" + std::to_string(i % 17);
        const std::string value = "value " + std::to_string(i);
        appender.add(key, value, base::from_ms(1));
        expected[bronze::partition_of(key, 3)].push_back(value);
    }
    appender.flush();
    EXPECT_EQ(appender.acknowledged(), 1000);
    EXPECT_THAT(expected, SizeIs(3));
    for (const auto& [partition, values] : expected) {
        std::vector<std::string> appended;
        for (const auto& batch : log.batches(partition))
            appended.insert(appended.end(), batch.begin(), batch.end());
        EXPECT_EQ(appended, values) << "partition " << partition;
        EXPECT_GT(log.batches(partition).size(), 10U);
    }
}

TEST(AppenderTest, RecordsWaitForTheirBatchToBeFullOrFlushed) {
    KeepingLog log(1);
    Appender appender(log, 1000);
    appender.add("u", "small", base::from_ms(1));
    appender.add("u", "small too", base::from_ms(1));
    EXPECT_THAT(log.batches(0), IsEmpty());
    appender.flush();
    EXPECT_THAT(log.batches(0), ElementsAre(ElementsAre("small", "small too")));
    appender.flush();
    EXPECT_THAT(log.batches(0), SizeIs(1)) << "there was nothing to append";
    appender.add("u", std::string(1000, 'x'), base::from_ms(1));
    while (appender.acknowledged() < 3) std::this_thread::yield();
    EXPECT_THAT(log.batches(0), SizeIs(2));
}

TEST(AppenderTest, RecordsThatWereNotFlushedAreNotAppended) {
    KeepingLog log(1);
    {
        Appender appender(log);
        appender.add("u", "flushed", base::from_ms(1));
        appender.flush();
        appender.add("u", "not flushed", base::from_ms(1));
    }
    EXPECT_THAT(log.batches(0), ElementsAre(ElementsAre("flushed")));
}

TEST(AppenderTest, AFailureReachesTheNextFlushAndItsRecordsAreNotAcknowledged) {
    KeepingLog log(1);
    log.fails = true;
    Appender appender(log);
    appender.add("u", "lost", base::from_ms(1));
    EXPECT_THAT([&] { appender.flush(); },
                testing::ThrowsMessage<Error>(testing::HasSubstr("the disk is full")));
    EXPECT_EQ(appender.acknowledged(), 0);
    log.fails = false;
    appender.add("u", "next", base::from_ms(1));
    appender.flush();
    EXPECT_EQ(appender.acknowledged(), 1);
    EXPECT_THAT(log.batches(0), ElementsAre(ElementsAre("next")))
        << "the caller knows that the other is lost";
}

TEST(AppenderTest, AFailureReachesALaterRecord) {
    KeepingLog log(1);
    log.fails = true;
    Appender appender(log, 1);  // each record is a batch
    appender.add("u", "lost", base::from_ms(1));
    EXPECT_THROW(appender.add("u", "later", base::from_ms(1)), Error);
}

}  // namespace
}  // namespace millrace::produce
