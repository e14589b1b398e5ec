#include "silver/id_set.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <unordered_set>

namespace millrace::silver {
namespace {

constexpr std::size_t plenty = 1U << 30U;

constexpr model::Timestamp epoch;

model::Timestamp at_second(std::int64_t second) {
    return model::Timestamp(std::chrono::seconds(second));
}

IdHash id(std::uint64_t number) {
    return hash_id("evt_" + std::to_string(number));
}

TEST(IdSet, AgreesWithAStandardSet) {
    IdSet ids(plenty);
    std::unordered_set<std::uint64_t> oracle;
    std::mt19937_64 random(5);
    for (int i = 0; i < 300'000; ++i) {
        const std::uint64_t number = random() % 100'000;
        ASSERT_EQ(ids.insert(id(number), epoch, 1), oracle.insert(number).second);
    }
    EXPECT_EQ(ids.size(), oracle.size());
}

TEST(IdSet, ExactlyOneOfManyThreadsInsertsAnId) {
    IdSet ids(plenty);
    std::atomic<int> inserted = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (std::uint64_t i = 0; i < 50'000; ++i) inserted += ids.insert(id(i), epoch, 1) ? 1 : 0;
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(inserted, 50'000);
}

TEST(IdSet, RollingBackRemovesOnlyUncommittedEntries) {
    IdSet ids(plenty);
    for (std::uint64_t i = 0; i < 1000; ++i) ids.insert(id(i), epoch, 1);
    ids.set_committed(1);
    for (std::uint64_t i = 1000; i < 2000; ++i) ids.insert(id(i), epoch, 2);
    for (std::uint64_t i = 2000; i < 3000; ++i) ids.insert(id(i), epoch, 3);
    ids.roll_back();
    EXPECT_EQ(ids.size(), 1000U);
    EXPECT_FALSE(ids.insert(id(999), epoch, 4));
    EXPECT_TRUE(ids.insert(id(1000), epoch, 4));
}

TEST(IdSet, EachEntryIsFoundOrLiesBelowTheFloor) {
    IdSet ids(plenty);
    constexpr std::int64_t count = 400'000;
    for (std::int64_t i = 0; i < count; ++i) {
        ASSERT_TRUE(ids.insert(id(static_cast<std::uint64_t>(i)), at_second(i), 1));
        if (i % 1000 == 0) {
            ids.set_committed(1);
            ids.allow_dropping_before(at_second(i - 20'000));
        }
    }
    EXPECT_LT(ids.size(), 100'000U) << "memory grows with history";
    for (std::int64_t i = 0; i < count; ++i) {
        const bool found = !ids.insert(id(static_cast<std::uint64_t>(i)), at_second(i), 1);
        ASSERT_TRUE(found || at_second(i) < ids.floor()) << i;
    }
}

TEST(IdSet, AHorizonThatMovesOnDoesNotShortenIt) {
    IdSet ids(plenty);
    EXPECT_FALSE(ids.shortened());
    ids.start_horizon(epoch);
    for (std::int64_t i = 0; i < 200'000; ++i) {
        ids.insert(id(static_cast<std::uint64_t>(i)), at_second(i), 1);
        if (i % 1000 != 0) continue;
        ids.set_committed(1);
        ids.allow_dropping_before(at_second(i - 20'000));
        ASSERT_FALSE(ids.shortened()) << i;
    }
    EXPECT_GT(ids.floor(), epoch);
    EXPECT_LE(ids.floor(), ids.horizon_start());
}

TEST(IdSet, IsShortenedFromWhenTheBudgetDropsIdsUntilTheHorizonHasPassedThem) {
    IdSet ids(1U << 20U);
    ids.start_horizon(epoch);
    model::Timestamp time = epoch;
    for (std::uint64_t i = 0; !ids.shortened(); ++i) {
        ASSERT_LT(i, 1'000'000U);
        time = at_second(static_cast<std::int64_t>(i));
        ids.insert(id(i), time, 0);
    }
    EXPECT_EQ(ids.horizon_start(), epoch);
    const auto count = static_cast<std::uint64_t>(time.time_since_epoch() / std::chrono::seconds(1));
    std::uint64_t dropped = 0;
    for (std::uint64_t i = 0; i < count; ++i) dropped += ids.insert(id(i), time, 0) ? 1 : 0;
    EXPECT_GT(dropped, 0U) << "duplicates may have another time than the original";
    ids.allow_dropping_before(ids.floor() - std::chrono::microseconds(1));
    EXPECT_TRUE(ids.shortened());
    ids.allow_dropping_before(ids.floor());
    EXPECT_FALSE(ids.shortened());
}

TEST(IdSet, ProvisionalEntriesAreNeverDropped) {
    IdSet ids(plenty);
    for (std::uint64_t i = 0; i < 100'000; ++i) ids.insert(id(i), epoch, 1);
    ids.allow_dropping_before(at_second(1'000'000));
    for (std::uint64_t i = 100'000; i < 300'000; ++i) ids.insert(id(i), epoch, 1);
    EXPECT_EQ(ids.size(), 300'000U);
}

TEST(IdSet, TheBudgetIsKeptByRaisingTheFloorVisibly) {
    constexpr std::size_t budget = 4U << 20U;
    IdSet ids(budget);
    for (std::int64_t i = 0; i < 1'000'000; ++i) {
        ids.insert(id(static_cast<std::uint64_t>(i)), at_second(i), static_cast<std::uint32_t>(i / 1000));
        if (i % 1000 == 999) ids.set_committed(static_cast<std::uint32_t>(i / 1000));
        ASSERT_LE(ids.memory_bytes(), budget + (budget / 4));
    }
    EXPECT_TRUE(ids.floor_raised());
    EXPECT_FALSE(ids.floor_raised());
    EXPECT_GT(ids.floor(), epoch);
    for (std::int64_t i = ids.floor().time_since_epoch() / std::chrono::seconds(1); i < 1'000'000; ++i) {
        ASSERT_FALSE(ids.insert(id(static_cast<std::uint64_t>(i)), at_second(i), 2000)) << i;
    }
}

}  // namespace
}  // namespace millrace::silver
