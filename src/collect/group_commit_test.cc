#include "collect/group_commit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "base/clock.h"
#include "base/file.h"
#include "bronze/segment_log.h"

namespace millrace::collect {
namespace {

class GroupCommitTest : public testing::Test {
  protected:
    GroupCommitTest()
        : directory_(std::filesystem::temp_directory_path() /
                     ("group_commit_" + std::to_string(::getpid()))) {
        std::filesystem::remove_all(directory_);
        log_ = bronze::SegmentLog::open_or_create(directory_, {.name = "events"});
    }
    ~GroupCommitTest() override {
        log_.reset();
        std::filesystem::remove_all(directory_);
    }

    static std::vector<PendingMessage> events(int count, const std::string& mark) {
        std::vector<PendingMessage> made;
        for (int i = 0; i < count; ++i)
            made.push_back({"user" + std::to_string(i), mark + std::to_string(i), std::to_string(i), true});
        return made;
    }
    std::int64_t in_log() const {
        std::int64_t records = 0;
        for (int p = 0; p < log_->partitions(); ++p) records += log_->offsets(p).end.value();
        return records;
    }

    std::filesystem::path directory_;
    std::unique_ptr<bronze::EventLog> log_;
};

TEST_F(GroupCommitTest, ARequestIsDoneWhenTheLogHasAllItsEvents) {
    GroupCommit commit(*log_, {});
    std::promise<std::int64_t> done;
    ASSERT_TRUE(commit.submit({}, events(100, "a"), base::from_ms(1), [&](const std::string* fault) {
        EXPECT_EQ(fault, nullptr);
        done.set_value(in_log());
    }));
    EXPECT_EQ(done.get_future().get(), 100);
    EXPECT_EQ(log_->offsets(0).end > bronze::Offset(0), true);
}

TEST_F(GroupCommitTest, ManyRequestsFromManyThreadsAreEachDoneOnce) {
    std::atomic<int> done = 0;
    {
        GroupCommit commit(*log_, {});
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 50; ++i)
                    EXPECT_TRUE(commit.submit({}, events(7, "b"), base::from_ms(1),
                                              [&](const std::string*) { ++done; }));
            });
        }
        for (auto& thread : threads) thread.join();
    }
    EXPECT_EQ(done, 200);
    EXPECT_EQ(in_log(), 1400);
}

TEST_F(GroupCommitTest, EventsOverTheLimitAreRefusedAndNotAppended) {
    std::promise<void> proceed;
    auto blocked = proceed.get_future().share();
    std::atomic<int> done = 0;
    {
        GroupCommit commit(*log_, {.waiting_bytes = 1000});
        ASSERT_TRUE(commit.submit({}, {{"u", std::string(900, 'x'), "0", true}}, base::from_ms(1),
                                  [&](const std::string*) {
                                      blocked.wait();  // holds up its partition, as a slow disk would
                                      ++done;
                                  }));
        EXPECT_FALSE(commit.submit({}, {{"u", std::string(200, 'y'), "0", true}}, base::from_ms(1),
                                   [&](const std::string*) { ++done; }));
        proceed.set_value();
    }
    EXPECT_EQ(done, 1);
    EXPECT_EQ(in_log(), 1);
}

TEST_F(GroupCommitTest, EventsFailInTimeWhileAnotherProcessHoldsTheLog) {
    constexpr double limit_seconds = 1.5;
    log_ = bronze::SegmentLog::open_or_create(directory_, {.name = "events"},
                                              {.limit = std::chrono::milliseconds(1500)});
    std::vector<base::File> held;
    for (int p = 0; p < log_->partitions(); ++p) {
        const auto partition = directory_ / ("events-" + std::to_string(p));
        held.emplace_back(partition / "lock", base::File::Mode::read_write);
        held.back().lock();
    }
    const base::Stopwatch watch;
    std::atomic<int> failed = 0;
    {
        GroupCommit commit(*log_, {.batch_bytes = 200});  // many batches for each partition
        for (int i = 0; i < 5; ++i) {
            ASSERT_TRUE(commit.submit({}, events(100, "a"), base::from_ms(1), [&](const std::string* fault) {
                ASSERT_NE(fault, nullptr);
                EXPECT_THAT(*fault, testing::HasSubstr("another process holds"));
                ++failed;
            }));
        }
    }
    EXPECT_EQ(failed, 5);
    EXPECT_LT(watch.seconds(), 2 * limit_seconds) << "batches waited one after another";
    held.clear();
    std::promise<bool> done;
    GroupCommit commit(*log_, {});
    ASSERT_TRUE(commit.submit({}, events(10, "b"), base::from_ms(1),
                              [&](const std::string* fault) { done.set_value(fault == nullptr); }));
    EXPECT_TRUE(done.get_future().get());
    EXPECT_EQ(in_log(), 10);
}

}  // namespace
}  // namespace millrace::collect
