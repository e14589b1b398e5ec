#include "silver/stage/lane.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "silver/stage/listed_log.h"

namespace millrace::silver {
namespace {

/// Returns a view event on the given day, so that each day needs a file of its own.
std::string event_of_day(int id, std::int64_t day) {
    return fmt::format(R"({{"event_id":"e{}","user_id":"u","event_type":"view","timestamp":"{}T10:00:00Z",)"
                       R"("product_id":"p","price":1}})",
                       id, model::format_day(day));
}

class LaneTest : public testing::Test {
  protected:
    std::unique_ptr<Lane> make_lane(const LaneLimits& limits) {
        std::vector<int> partitions;
        for (int p = 0; p < log_.partitions(); ++p) partitions.push_back(p);
        auto made = std::make_unique<Lane>(context_, partitions, limits);
        for (const int p : partitions) made->assign({.partition = p, .epoch = 1});
        return made;
    }

    static constexpr std::int64_t first_day = 12'000;

    ListedLog log_{2};
    model::ShopSettings settings_;
    EventTypes types_{100};
    IdSet ids_{64U << 20U};
    Horizon horizon_{std::chrono::hours(24), 2};
    ColumnPool columns_;
    LaneContext context_{log_, settings_, types_, ids_, horizon_, columns_};
};

TEST_F(LaneTest, AFullPartEndsWithinAPollAndTheNextContinuesThere) {
    constexpr int events = 2'000;
    for (int i = 0; i < events; ++i) log_.add(0, event_of_day(i, first_day + i));
    const auto lane = make_lane({.files = 100});
    bronze::Offset next{0};
    std::size_t rows = 0;
    for (std::uint32_t batch = 1; next < bronze::Offset(events); ++batch) {
        ASSERT_LT(batch, 1'000U);
        while (!lane->full() && lane->step(batch) > 0) {
        }
        const LanePart part = lane->take();
        ASSERT_LE(part.files.size(), 100U + 16U) << "each file takes memory";
        ASSERT_EQ(part.partitions[0].first_offset, next);
        next = part.partitions[0].end.next_offset;
        for (const auto& file : part.files) rows += file->rows();
        ASSERT_EQ(part.partitions[0].end.received, next.value());
    }
    EXPECT_EQ(rows, static_cast<std::size_t>(events));
}

TEST_F(LaneTest, CleanRowsAreShownBeforeTheyAreCommitted) {
    UncommittedRows rows;
    context_.uncommitted = &rows;
    log_.add(0, "not an event");
    log_.add(0, event_of_day(7, first_day));
    log_.add(0, event_of_day(7, first_day));
    log_.add(1, event_of_day(8, first_day));
    const auto lane = make_lane({});
    EXPECT_EQ(lane->step(1), 4U);
    const auto blocks = rows.blocks();
    ASSERT_EQ(blocks.size(), 2U) << "one for each partition";
    ASSERT_EQ(blocks[0]->rows().size(), 1U) << "neither the duplicate nor what is quarantined";
    EXPECT_EQ(blocks[0]->rows()[0].event.event_id, "e7");
    EXPECT_EQ(blocks[0]->rows()[0].record.offset, bronze::Offset(1));
    EXPECT_EQ(blocks[0]->place().progress_id, (catalog::LogIdentity{log_.topic(), 1}.progress_app_id(0)));
}

TEST_F(LaneTest, ABacklogIsNotShownBeforeItIsCommitted) {
    UncommittedRows rows;
    context_.uncommitted = &rows;
    for (int i = 0; i < 1'001; ++i) log_.add(0, event_of_day(i, first_day));
    const auto lane = make_lane({});
    EXPECT_GT(lane->step(1), 0U);
    EXPECT_TRUE(rows.blocks().empty());
    EXPECT_TRUE(rows.has_gap());
}

TEST_F(LaneTest, APartitionThatFillsEachBatchDoesNotStarveOthers) {
    for (int i = 0; i < 1'000; ++i) log_.add(0, event_of_day(i, first_day + i));
    log_.add(1, event_of_day(5'000, first_day));
    const auto lane = make_lane({.files = 50});
    for (std::uint32_t batch = 1; batch <= 2; ++batch) {
        lane->step(batch);
        lane->take();
    }
    EXPECT_EQ(lane->next_offset(1), bronze::Offset(1));
    EXPECT_LT(lane->next_offset(0), bronze::Offset(200));
}

TEST_F(LaneTest, ABatchHasAboutAsManyRowsAsItsLimit) {
    for (int i = 0; i < 1'000; ++i) log_.add(0, event_of_day(i, first_day));
    const auto lane = make_lane({.rows = 100});
    lane->step(1);
    EXPECT_TRUE(lane->full());
    const auto received = lane->take().received();
    EXPECT_GE(received, 100);
    EXPECT_LT(received, 116);
}

TEST_F(LaneTest, WithTooLittleMemoryForIdsRecordsAreHeldBackAndBecomeRows) {
    ids_.start_horizon(model::Timestamp());
    IdSet small(64U << 10U);
    small.start_horizon(model::Timestamp());
    for (std::uint64_t i = 0; !small.shortened(); ++i)
        small.insert(hash_id(fmt::format("other{}", i)), model::day_start(first_day - 1), 0);
    const LaneContext context{log_, settings_, types_, small, horizon_, columns_};
    for (int i = 0; i < 100; ++i) log_.add(0, event_of_day(i % 90, first_day + i % 3));
    Lane lane(context, {0}, {});
    lane.assign({.partition = 0, .epoch = 1});
    lane.step(1);
    std::vector<LanePart> parts;
    parts.push_back(lane.take());
    EXPECT_EQ(parts[0].held.size(), 90U);
    EXPECT_EQ(parts[0].partitions[0].duplicates, 10) << "duplicates within the batch need no lookup";
    EXPECT_TRUE(parts[0].files.empty());
    base::WorkerPool pool(2);
    settle_held(parts, {}, {}, context, pool);
    EXPECT_TRUE(parts[0].held.empty());
    EXPECT_EQ(parts[0].partitions[0].copies_in_table, 0) << "the table is empty";
    ASSERT_EQ(parts[0].files.size(), 3U);
    for (const auto& file : parts[0].files) EXPECT_EQ(file->rows(), 30U);
}

}  // namespace
}  // namespace millrace::silver
