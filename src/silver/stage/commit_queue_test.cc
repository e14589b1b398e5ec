#include "silver/stage/commit_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::silver {
namespace {

CommitQueue::Columns columns(std::size_t rows) {
    auto made = std::make_unique<EventColumns>();
    made->start({.day = 0, .event_type = "view", .partition = 0, .log_epoch = 1});
    model::Event event;
    event.event_id = "e";
    event.user_id = "u";
    for (std::size_t i = 0; i < rows; ++i) made->append(event, {.record = {}});
    CommitQueue::Columns all;
    all.push_back(std::move(made));
    return all;
}

TEST(CommitQueue, TakesNothingBeforeItIsOpen) {
    CommitQueue queue;
    auto offered = columns(3);
    queue.push(storage::Version(1), offered);
    EXPECT_EQ(offered.size(), 1U);
    EXPECT_FALSE(queue.pop(storage::Version(1)));
}

TEST(CommitQueue, PopsEachCommitOnceAndInOrder) {
    CommitQueue queue;
    queue.open();
    for (const std::int64_t version : {1, 2, 3}) {
        auto offered = columns(static_cast<std::size_t>(version));
        queue.push(storage::Version(version), offered);
        EXPECT_TRUE(offered.empty());
    }
    EXPECT_EQ(queue.pop(storage::Version(1))->front()->rows(), 1U);
    EXPECT_FALSE(queue.pop(storage::Version(1)));
    EXPECT_EQ(queue.pop(storage::Version(3))->front()->rows(), 3U);
    EXPECT_FALSE(queue.pop(storage::Version(2))) << "popping version 3 has dropped version 2";
    EXPECT_EQ(queue.recycled().size(), 1U) << "the columns of the dropped version are free";
}

TEST(CommitQueue, RefusesCommitsWhenGoldIsFarBehind) {
    CommitQueue queue;
    queue.open();
    storage::Version version{0};
    for (;;) {
        auto offered = columns(100'000);
        queue.push(++version, offered);
        if (!offered.empty()) break;
        ASSERT_LT(version, storage::Version(100));
    }
    EXPECT_FALSE(queue.pop(version)) << "the refused commit is read from the table";
    auto offered = columns(100'000);
    queue.push(version + 1, offered);
    EXPECT_TRUE(offered.empty()) << "popping has made room";
}

TEST(CommitQueue, LimitsTheNumberOfSmallFiles) {
    CommitQueue queue;
    queue.open();
    storage::Version version{0};
    for (auto offered = columns(1); offered.size() == 1; offered = columns(1)) {
        queue.push(++version, offered);
        if (!offered.empty()) break;
        ASSERT_LT(version, storage::Version(50'000)) << "each file takes kilobytes";
    }
}

TEST(CommitQueue, RecycledColumnsAreReturnedOnce) {
    CommitQueue queue;
    queue.open();
    auto offered = columns(2);
    const auto* address = offered.front().get();
    queue.push(storage::Version(7), offered);
    queue.recycle(std::move(*queue.pop(storage::Version(7))));
    const auto used = queue.recycled();
    ASSERT_EQ(used.size(), 1U);
    EXPECT_EQ(used.front().get(), address);
    EXPECT_TRUE(queue.recycled().empty());
}

}  // namespace
}  // namespace millrace::silver
