#include "silver/stage/worker_assignment.h"

#include <gtest/gtest.h>

#include <thread>

namespace millrace::silver {
namespace {

/// A group that a test assigns partitions by.
struct FakeGroup : public bronze::WorkerGroup {
    [[nodiscard]] Assignment assignment() const override { return current; }
    [[nodiscard]] bool changed(std::uint64_t generation) const override {
        return generation != current.generation;
    }
    void release(std::uint64_t generation) override { released = generation; }
    void report_progress(int partition, bronze::Offset next_offset) override {
        reported[partition] = next_offset;
    }

    Assignment current;
    std::uint64_t released = 0;
    std::map<int, bronze::Offset> reported;
};

class WorkerAssignmentTest : public testing::Test {
  protected:
    WorkerAssignmentTest() {
        auto group = std::make_unique<FakeGroup>();
        group_ = group.get();
        assignment_.join(std::move(group));
    }

    base::StopSignal stop_;
    WorkerAssignment assignment_;
    FakeGroup* group_;
};

TEST_F(WorkerAssignmentTest, TakesThePartitionsOfTheNewestAssignment) {
    group_->current = {1, {0, 2}};
    EXPECT_EQ(assignment_.take(stop_), (std::vector{0, 2}));
    EXPECT_FALSE(assignment_.is_lost());
    group_->current = {2, {1}};
    EXPECT_TRUE(assignment_.is_lost());
    EXPECT_EQ(assignment_.take(stop_), (std::vector{1}));
    EXPECT_EQ(group_->released, 1U) << "others may have the partitions of before only now";
}

TEST_F(WorkerAssignmentTest, AnAssignmentMayBeEmpty) {
    group_->current = {1, {}};
    const auto taken = assignment_.take(stop_);
    ASSERT_TRUE(taken);
    EXPECT_TRUE(taken->empty());
}

TEST_F(WorkerAssignmentTest, EndsWaitingWhenStopped) {
    std::thread user([this] { stop_.request(); });
    EXPECT_EQ(assignment_.take(stop_), std::nullopt);
    user.join();
}

TEST_F(WorkerAssignmentTest, TellsTheLogHowFarEachPartitionHasCome) {
    LanePart part;
    part.partitions.resize(2);
    part.partitions[0].partition = 3;
    part.partitions[0].end.next_offset = bronze::Offset(100);
    part.partitions[1].partition = 5;
    part.partitions[1].end.next_offset = bronze::Offset(7);
    std::vector<LanePart> parts;
    parts.push_back(std::move(part));
    assignment_.report_progress(parts);
    EXPECT_EQ(group_->reported,
              (std::map<int, bronze::Offset>{{3, bronze::Offset(100)}, {5, bronze::Offset(7)}}));
}

TEST(WorkerAssignment, WithoutAGroupNothingIsEverLost) {
    WorkerAssignment assignment;
    assignment.join(nullptr);
    EXPECT_FALSE(assignment.is_shared());
    EXPECT_FALSE(assignment.is_lost());
    assignment.report_progress({});
}

}  // namespace
}  // namespace millrace::silver
