#include "silver/stage/silver_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "silver/stage/listed_log.h"
#include "storage/file_stats.h"

namespace millrace::silver {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// Two writers of the same tables. Both have read them before a test lets one of them commit.
class SilverWriterTest : public testing::Test {
  protected:
    SilverWriterTest() {
        for (int i = 0; i < 10; ++i) {
            log_.add(0, "{}");
            log_.add(1, "{}");
        }
        writer_.refresh();
        another_.refresh();
    }
    ~SilverWriterTest() override { std::filesystem::remove_all(data_.root()); }

    static std::filesystem::path new_folder() {
        auto folder = std::filesystem::path(testing::TempDir()) /
                      ("millrace_silver_writer_test_" + std::to_string(::getpid()));
        std::filesystem::remove_all(folder);
        return folder;
    }
    /// A batch that moves a partition from its start to `end` with rows of these ids.
    static std::vector<LanePart> batch(int partition, std::int64_t end, const std::vector<std::string>& ids) {
        std::vector<LanePart> parts(1);
        PartitionPart& moved = parts[0].partitions.emplace_back();
        moved.partition = partition;
        moved.end.next_offset = bronze::Offset(end);
        moved.end.received = moved.received = end;
        if (ids.empty()) return parts;
        auto& columns = *parts[0].files.emplace_back(std::make_unique<EventColumns>());
        columns.start({.day = 18'000, .event_type = "view", .partition = partition, .log_epoch = 1});
        bronze::Offset offset;
        for (const std::string& id : ids) {
            model::Event event;
            event.event_id = id;
            event.user_id = "u";
            event.event_type = "view";
            event.timestamp = model::day_start(18'000);
            const bronze::Record record{offset++, listed_log_time, "u", "", ""};
            columns.append(event, {.record = record});
        }
        return parts;
    }
    static void quarantine(std::vector<LanePart>& parts, std::int64_t offset) {
        PartitionPart& partition = parts[0].partitions[0];
        parts[0].quarantine.push_back({.partition = partition.partition,
                                       .offset = bronze::Offset(offset),
                                       .timestamp = listed_log_time,
                                       .key = {},
                                       .value = "{}",
                                       .headers = "",
                                       .rule = model::ValidationRule::missing_field,
                                       .field = "user_id"});
        ++partition.quarantined;
        ++partition.end.quarantined;
    }
    /// Commits a batch whose ids the lanes have added to the writer's set.
    static bool commit(SilverWriter& writer, const std::vector<LanePart>& parts, IdSet& ids) {
        BatchReport report;
        return writer.commit(parts, writer.write(parts), ids, report);
    }
    static bool commit(SilverWriter& writer, const std::vector<LanePart>& parts) {
        IdSet ids(1U << 20U);
        return commit(writer, parts, ids);
    }
    static bronze::Offset next_offset(SilverWriter& writer, int partition) {
        writer.refresh();
        return writer.progress(partition).next_offset;
    }

    const catalog::DataDirectory data_{new_folder()};
    const model::ShopSettings settings_;
    ListedLog log_{2};
    base::WorkerPool pool_{1};
    SilverWriter writer_{data_, log_, settings_, pool_};
    SilverWriter another_{data_, log_, settings_, pool_};
};

TEST_F(SilverWriterTest, RowsAndProgressAreCommittedTogether) {
    auto parts = batch(0, 7, {"a", "b"});
    quarantine(parts, 3);
    IdSet ids(1U << 20U);
    BatchReport report;
    EXPECT_TRUE(writer_.commit(parts, writer_.write(parts), ids, report));
    EXPECT_EQ(report.version, storage::Version(1));
    EXPECT_EQ(report.files, 1);
    another_.refresh();
    EXPECT_THAT(another_.snapshot().files, SizeIs(1));
    EXPECT_EQ(another_.progress(0).next_offset, bronze::Offset(7));
    EXPECT_EQ(another_.progress(0).received, 7);
    EXPECT_EQ(another_.progress(0).quarantined, 1);
    EXPECT_THAT(another_.quarantined(0, bronze::Offset(0)),
                ElementsAre(ItemPlace{.offset = bronze::Offset(3)}));
    EXPECT_THAT(another_.quarantined(0, bronze::Offset(4)), IsEmpty());
    EXPECT_THAT(another_.quarantined(1, bronze::Offset(0)), IsEmpty());
    const auto status = catalog::read_status(another_.snapshot());
    ASSERT_THAT(status, SizeIs(1));
    EXPECT_EQ(status[0].behind, 3) << "of the ten records in the log";
}

TEST_F(SilverWriterTest, PartitionsWithFewRowsShareAFile) {
    auto parts = batch(0, 7, {"a", "b"});
    auto other = batch(1, 5, {"c"});
    parts.push_back(std::move(other.front()));
    EXPECT_TRUE(commit(writer_, parts));
    const Files files = writer_.live_files();
    ASSERT_THAT(files, SizeIs(1));
    const storage::FileStats stats(files.begin()->second);
    EXPECT_EQ(stats.rows(), 3);
    EXPECT_EQ(stats.min("partition"), 0);
    EXPECT_EQ(stats.max("partition"), 1);
    IdSet ids(1U << 20U);
    const auto load = [&](int wanted) {
        load_ids(
            writer_.root(), files, ids, model::Timestamp::min(), model::DedupeScope::partition,
            [&](int partition) { return partition == wanted; }, pool_);
    };
    load(1);
    EXPECT_EQ(ids.size(), 1U) << "the ids of the other partition take no memory";
    load(0);
    EXPECT_EQ(ids.size(), 3U);
}

TEST_F(SilverWriterTest, AClockThatTheTableLacksIsStoredEvenIfItsPartitionDoesNotMove) {
    EXPECT_TRUE(commit(writer_, batch(0, 7, {"a"})));
    EXPECT_EQ(writer_.progress(0).clock, std::nullopt);
    auto parts = batch(1, 5, {"b"});
    const catalog::PartitionProgress idle{.next_offset = bronze::Offset(7),
                                          .clock = model::day_start(18'000)};
    parts[0].partitions.push_back({.partition = 0, .first_offset = idle.next_offset, .end = idle});
    EXPECT_TRUE(commit(writer_, parts));
    EXPECT_EQ(writer_.progress(0).clock, model::day_start(18'000));
    EXPECT_EQ(writer_.progress(0).received, 7) << "the rest of its progress stays";
}

TEST_F(SilverWriterTest, APartitionWithManyRowsHasAFileOfItsOwn) {
    const std::vector<std::string> many(10'000, "a");
    auto parts = batch(0, 10, many);
    parts.push_back(std::move(batch(1, 5, {"c"}).front()));
    EXPECT_THAT(writer_.write(parts).silver, SizeIs(2));
}

TEST_F(SilverWriterTest, ABatchOfAPartitionThatAnotherWriterHasMovedIsGivenUp) {
    EXPECT_TRUE(commit(another_, batch(0, 5, {"a"})));
    EXPECT_FALSE(commit(writer_, batch(0, 7, {"b"})));
    EXPECT_EQ(next_offset(writer_, 0), bronze::Offset(5));
    EXPECT_THAT(writer_.snapshot().files, SizeIs(1));
}

TEST_F(SilverWriterTest, BatchesOfDifferentPartitionsAreBothCommitted) {
    IdSet ids(1U << 20U);
    ids.insert(hash_id("b"), model::day_start(18'000), 1);
    EXPECT_TRUE(commit(another_, batch(0, 5, {"a"})));
    EXPECT_THAT(writer_.snapshot().files, IsEmpty());
    EXPECT_THAT(writer_.live_files(), SizeIs(1)) << "a lookup also finds what the snapshot does not have yet";
    EXPECT_TRUE(commit(writer_, batch(1, 7, {"b"}), ids));
    EXPECT_EQ(next_offset(writer_, 0), bronze::Offset(5));
    EXPECT_EQ(next_offset(writer_, 1), bronze::Offset(7));
    EXPECT_FALSE(ids.insert(hash_id("a"), model::day_start(18'000), 2))
        << "a later record with the other writer's id is a duplicate";
}

TEST_F(SilverWriterTest, AnIdThatAnotherWriterHasCommittedIsNotCommittedAgain) {
    IdSet ids(1U << 20U);
    ids.insert(hash_id("a"), model::day_start(18'000), 1);
    EXPECT_TRUE(commit(another_, batch(0, 5, {"a"})));
    auto parts = batch(1, 7, {"a"});
    quarantine(parts, 2);
    EXPECT_FALSE(commit(writer_, parts, ids));
    EXPECT_EQ(next_offset(writer_, 1), bronze::Offset(0));
    EXPECT_THAT(writer_.quarantined(1, bronze::Offset(0)),
                ElementsAre(ItemPlace{.offset = bronze::Offset(2)}))
        << "the next batch must not write this row again";
}

TEST_F(SilverWriterTest, AnIdOfAnotherPartitionIsAllowedWhereIdsAreUniqueByPartition) {
    model::ShopSettings by_partition;
    by_partition.dedupe_scope = model::DedupeScope::partition;
    data_.store(by_partition);
    SilverWriter first(data_, log_, by_partition, pool_);
    SilverWriter second(data_, log_, by_partition, pool_);
    IdSet ids(1U << 20U);
    ids.insert(hash_id("a", model::DedupeScope::partition, 1), model::day_start(18'000), 1);
    EXPECT_TRUE(commit(first, batch(0, 5, {"a"})));
    EXPECT_TRUE(commit(second, batch(1, 7, {"a"}), ids));
}

TEST_F(SilverWriterTest, ABatchIsGivenUpAfterTheTableWasRebuilt) {
    EXPECT_TRUE(commit(writer_, batch(0, 5, {"a"})));
    another_.refresh();
    auto table = storage::DeltaTable::open(data_.silver());
    storage::Commit rebuild;
    for (const auto& [path, add] : table.snapshot().files)
        rebuild.removes.push_back({path, add.partition_values, add.size, base::wall_time(), true});
    table.commit(std::move(rebuild), [](const storage::Commit&) { return true; });
    EXPECT_FALSE(commit(another_, batch(1, 7, {"b"})));
    EXPECT_EQ(next_offset(another_, 1), bronze::Offset(0));
}

TEST_F(SilverWriterTest, ABatchWithoutRowsMovesThePartition) {
    EXPECT_TRUE(commit(writer_, batch(0, 10, {})));
    EXPECT_EQ(next_offset(another_, 0), bronze::Offset(10));
    EXPECT_THAT(another_.snapshot().files, IsEmpty());
}

TEST_F(SilverWriterTest, NothingIsCommittedWithSettingsThatAReplayHasChanged) {
    model::ShopSettings changed;
    changed.rules.currency = "USD";
    data_.store(changed);
    EXPECT_THROW(commit(writer_, batch(0, 5, {"a"})), Error);
    EXPECT_THROW(writer_.refresh(), Error);
    model::ShopSettings only_of_gold;
    only_of_gold.gold.lateness *= 2;
    data_.store(only_of_gold);
    EXPECT_TRUE(commit(writer_, batch(0, 5, {"a"})));
}

TEST_F(SilverWriterTest, NothingIsCommittedAfterARebuildThatWasInterrupted) {
    data_.begin_rebuild();
    EXPECT_THROW(commit(writer_, batch(0, 5, {"a"})), Error);
    EXPECT_THROW(writer_.refresh(), Error);
    data_.end_rebuild();
    EXPECT_TRUE(commit(writer_, batch(0, 5, {"a"})));
}

}  // namespace
}  // namespace millrace::silver
