#include "pipeline/hand_over.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::pipeline {
namespace {

HandOver::Columns columns(std::size_t rows) {
    auto made = std::make_unique<silver::EventColumns>();
    made->start(0, "view", 0, 1);
    model::Event event;
    event.event_id = "e";
    event.user_id = "u";
    for (std::size_t i = 0; i < rows; ++i) made->append(event, {});
    HandOver::Columns all;
    all.push_back(std::move(made));
    return all;
}

TEST(HandOver, TakesNothingBeforeGoldIsThere) {
    HandOver hand_over;
    auto offered = columns(3);
    hand_over.offer(1, offered);
    EXPECT_EQ(offered.size(), 1U);
    EXPECT_FALSE(hand_over.take(1));
}

TEST(HandOver, GivesEachCommitOnceAndInOrder) {
    HandOver hand_over;
    hand_over.open();
    for (const std::int64_t version : {1, 2, 3}) {
        auto offered = columns(static_cast<std::size_t>(version));
        hand_over.offer(version, offered);
        EXPECT_TRUE(offered.empty());
    }
    EXPECT_EQ(hand_over.take(1)->front()->rows(), 1U);
    EXPECT_FALSE(hand_over.take(1));
    EXPECT_EQ(hand_over.take(3)->front()->rows(), 3U);
    EXPECT_FALSE(hand_over.take(2)) << "it was passed over";
    EXPECT_EQ(hand_over.used().size(), 1U) << "the columns of the one that was passed over are free";
}

TEST(HandOver, RefusesWhatAnUnhurriedGoldWouldPileUp) {
    HandOver hand_over;
    hand_over.open();
    std::int64_t version = 0;
    for (;;) {
        auto offered = columns(100'000);
        hand_over.offer(++version, offered);
        if (!offered.empty()) break;
        ASSERT_LT(version, 100);
    }
    EXPECT_FALSE(hand_over.take(version)) << "Gold finds this one in the table";
    auto offered = columns(100'000);
    hand_over.offer(version + 1, offered);
    EXPECT_TRUE(offered.empty()) << "there is room again";
}

TEST(HandOver, RefusesManySmallFilesToo) {
    HandOver hand_over;
    hand_over.open();
    std::int64_t version = 0;
    for (auto offered = columns(1); offered.size() == 1; offered = columns(1)) {
        hand_over.offer(++version, offered);
        if (!offered.empty()) break;
        ASSERT_LT(version, 50'000) << "each takes kilobytes";
    }
}

TEST(HandOver, ColumnsComeBackToBeUsedAgain) {
    HandOver hand_over;
    hand_over.open();
    auto offered = columns(2);
    const auto* address = offered.front().get();
    hand_over.offer(7, offered);
    hand_over.give_back(std::move(*hand_over.take(7)));
    const auto used = hand_over.used();
    ASSERT_EQ(used.size(), 1U);
    EXPECT_EQ(used.front().get(), address);
    EXPECT_TRUE(hand_over.used().empty());
}

}  // namespace
}  // namespace millrace::pipeline
