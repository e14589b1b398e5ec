#include "silver/stage/commit_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::silver {
namespace {

CommitQueue::Columns columns(std::size_t rows) {
    auto made = std::make_unique<EventColumns>();
    made->start(0, "view", 0, 1);
    model::Event event;
    event.event_id = "e";
    event.user_id = "u";
    for (std::size_t i = 0; i < rows; ++i) made->append(event, {});
    CommitQueue::Columns all;
    all.push_back(std::move(made));
    return all;
}

TEST(CommitQueue, TakesNothingBeforeGoldIsThere) {
    CommitQueue hand_over;
    auto offered = columns(3);
    hand_over.push(1, offered);
    EXPECT_EQ(offered.size(), 1U);
    EXPECT_FALSE(hand_over.pop(1));
}

TEST(CommitQueue, GivesEachCommitOnceAndInOrder) {
    CommitQueue hand_over;
    hand_over.open();
    for (const std::int64_t version : {1, 2, 3}) {
        auto offered = columns(static_cast<std::size_t>(version));
        hand_over.push(version, offered);
        EXPECT_TRUE(offered.empty());
    }
    EXPECT_EQ(hand_over.pop(1)->front()->rows(), 1U);
    EXPECT_FALSE(hand_over.pop(1));
    EXPECT_EQ(hand_over.pop(3)->front()->rows(), 3U);
    EXPECT_FALSE(hand_over.pop(2)) << "it was passed over";
    EXPECT_EQ(hand_over.recycled().size(), 1U) << "the columns of the one that was passed over are free";
}

TEST(CommitQueue, RefusesWhatAnUnhurriedGoldWouldPileUp) {
    CommitQueue hand_over;
    hand_over.open();
    std::int64_t version = 0;
    for (;;) {
        auto offered = columns(100'000);
        hand_over.push(++version, offered);
        if (!offered.empty()) break;
        ASSERT_LT(version, 100);
    }
    EXPECT_FALSE(hand_over.pop(version)) << "Gold finds this one in the table";
    auto offered = columns(100'000);
    hand_over.push(version + 1, offered);
    EXPECT_TRUE(offered.empty()) << "there is room again";
}

TEST(CommitQueue, RefusesManySmallFilesToo) {
    CommitQueue hand_over;
    hand_over.open();
    std::int64_t version = 0;
    for (auto offered = columns(1); offered.size() == 1; offered = columns(1)) {
        hand_over.push(++version, offered);
        if (!offered.empty()) break;
        ASSERT_LT(version, 50'000) << "each takes kilobytes";
    }
}

TEST(CommitQueue, ColumnsComeBackToBeUsedAgain) {
    CommitQueue hand_over;
    hand_over.open();
    auto offered = columns(2);
    const auto* address = offered.front().get();
    hand_over.push(7, offered);
    hand_over.recycle(std::move(*hand_over.pop(7)));
    const auto used = hand_over.recycled();
    ASSERT_EQ(used.size(), 1U);
    EXPECT_EQ(used.front().get(), address);
    EXPECT_TRUE(hand_over.recycled().empty());
}

}  // namespace
}  // namespace millrace::silver
