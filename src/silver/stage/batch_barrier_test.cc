#include "silver/stage/batch_barrier.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace millrace::silver {
namespace {

using namespace std::chrono_literals;

/// Lanes that fill parts with nothing but the number of the batch that they belong to.
class FakeLanes {
  public:
    FakeLanes(BatchBarrier& barrier, std::size_t lanes) : barrier_(barrier) {
        for (std::size_t lane = 0; lane < lanes; ++lane) threads_.emplace_back([this, lane] { run(lane); });
    }
    FakeLanes(const FakeLanes&) = delete;
    FakeLanes& operator=(const FakeLanes&) = delete;
    ~FakeLanes() {
        barrier_.end();
        for (std::thread& thread : threads_) thread.join();
    }

  private:
    void run(std::size_t lane) {
        while (!barrier_.ended()) {
            const std::uint32_t batch = barrier_.batch();
            barrier_.add_rows(1);
            if (!barrier_.sealing()) continue;
            LanePart part;
            part.bytes = batch;
            if (!barrier_.deliver(lane, std::move(part))) return;
        }
    }

    BatchBarrier& barrier_;
    std::vector<std::thread> threads_;
};

TEST(BatchBarrier, GivesEachLanesPartOfTheSealedBatch) {
    BatchBarrier barrier;
    barrier.reset(3);
    const FakeLanes lanes(barrier, 3);
    for (std::uint32_t batch = 1; batch <= 200; ++batch) {
        barrier.seal();
        const std::vector<LanePart> parts = barrier.take_parts();
        EXPECT_EQ(barrier.sealed_batch(), batch);
        ASSERT_EQ(parts.size(), 3U);
        for (const LanePart& part : parts) ASSERT_EQ(part.bytes, batch) << "a lane was in another batch";
        barrier.open_next();
        EXPECT_EQ(barrier.sealed_batch(), batch) << "this one is to be committed, while the next one fills";
    }
}

TEST(BatchBarrier, NoLaneBeginsTheNextBatchBeforeAllHaveDelivered) {
    BatchBarrier barrier;
    barrier.reset(2);
    std::atomic<bool> began = false;
    std::thread early([&] {
        EXPECT_TRUE(barrier.deliver(0, {}));
        began = true;
    });
    barrier.seal();
    while (barrier.status().changes == 0) std::this_thread::yield();
    EXPECT_FALSE(began);
    std::thread late([&] { EXPECT_TRUE(barrier.deliver(1, {})); });
    EXPECT_EQ(barrier.take_parts().size(), 2U);
    EXPECT_FALSE(began) << "the batch is not open yet";
    barrier.open_next();
    early.join();
    late.join();
    EXPECT_TRUE(began);
}

TEST(BatchBarrier, AFullLaneWakesTheStageAndWaits) {
    BatchBarrier barrier;
    barrier.reset(1);
    const BatchBarrier::Status before = barrier.status();
    std::thread lane([&] {
        barrier.wait_for_seal(BatchBarrier::Wait::full);
        barrier.deliver(0, {});
    });
    barrier.wait_for_change(before, std::chrono::steady_clock::now() + 1min);
    EXPECT_TRUE(barrier.status().full);
    EXPECT_FALSE(barrier.status().drained);
    barrier.seal();
    EXPECT_EQ(barrier.take_parts().size(), 1U);
    EXPECT_FALSE(barrier.status().full) << "the next batch begins empty";
    barrier.end();
    lane.join();
}

TEST(BatchBarrier, IsDrainedOnceNoLaneHasAnythingLeft) {
    BatchBarrier barrier;
    barrier.reset(2);
    std::vector<std::thread> lanes;
    for (const std::size_t lane : {0U, 1U}) {
        EXPECT_FALSE(barrier.status().drained);
        const BatchBarrier::Status before = barrier.status();
        lanes.emplace_back([&barrier, lane] {
            barrier.wait_for_seal(BatchBarrier::Wait::drained);
            barrier.deliver(lane, {});
        });
        barrier.wait_for_change(before, std::chrono::steady_clock::now() + 1min);
    }
    EXPECT_TRUE(barrier.status().drained);
    barrier.end();
    for (std::thread& lane : lanes) lane.join();
}

TEST(BatchBarrier, TheFirstRowsOfABatchWakeTheStage) {
    BatchBarrier barrier;
    barrier.reset(1);
    const BatchBarrier::Status before = barrier.status();
    barrier.add_rows(16);
    EXPECT_EQ(barrier.status().rows, 16);
    EXPECT_NE(barrier.status().changes, before.changes);
    const BatchBarrier::Status after = barrier.status();
    barrier.add_rows(16);
    EXPECT_EQ(barrier.status().changes, after.changes) << "later rows cost no wake-up";
}

TEST(BatchBarrier, ALanesExceptionReachesTheStageInEveryCall) {
    BatchBarrier barrier;
    barrier.reset(2);
    barrier.fail(std::make_exception_ptr(std::runtime_error("the first")));
    barrier.fail(std::make_exception_ptr(std::runtime_error("the second")));
    try {
        (void)barrier.status();
        FAIL() << "the exception was lost";
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "the first");
    }
    barrier.seal();
    EXPECT_THROW(barrier.take_parts(), std::runtime_error) << "it must not wait for a lane that has ended";
}

TEST(BatchBarrier, ResetForgetsTheLanesOfBefore) {
    BatchBarrier barrier;
    barrier.reset(2);
    barrier.add_rows(5);
    barrier.fail(std::make_exception_ptr(std::runtime_error("gone")));
    barrier.end();
    barrier.reset(1);
    EXPECT_EQ(barrier.batch(), 2U) << "ids of the batch that was given up belong to another number";
    EXPECT_FALSE(barrier.ended());
    EXPECT_EQ(barrier.status().rows, 0);
}

}  // namespace
}  // namespace millrace::silver
