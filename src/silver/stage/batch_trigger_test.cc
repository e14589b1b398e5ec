#include "silver/stage/batch_trigger.h"

#include <gtest/gtest.h>

namespace millrace::silver {
namespace {

using namespace std::chrono_literals;

const auto trigger_start = BatchTrigger::Clock::time_point() + 1h;

TEST(BatchTrigger, EndsABatchAtEachInterval) {
    BatchTrigger trigger(20s, false);
    trigger.restart(trigger_start);
    EXPECT_FALSE(trigger.is_due({.rows = 5}, trigger_start + 19s));
    EXPECT_TRUE(trigger.is_due({.rows = 5}, trigger_start + 20s));
    EXPECT_FALSE(trigger.is_due({.rows = 5}, trigger_start + 39s));
    EXPECT_TRUE(trigger.is_due({.rows = 5}, trigger_start + 40s));
}

TEST(BatchTrigger, SkipsIntervalsThatPassedWhileABatchWasCommitted) {
    BatchTrigger trigger(20s, false);
    trigger.restart(trigger_start);
    EXPECT_TRUE(trigger.is_due({}, trigger_start + 65s));
    EXPECT_FALSE(trigger.is_due({}, trigger_start + 79s)) << "the intervals keep their rhythm";
    EXPECT_TRUE(trigger.is_due({}, trigger_start + 80s));
}

TEST(BatchTrigger, EndsAFullBatchAtOnce) {
    for (const bool available_now : {false, true}) {
        BatchTrigger trigger(20s, available_now);
        trigger.restart(trigger_start);
        EXPECT_TRUE(trigger.is_due({.full = true}, trigger_start));
    }
}

TEST(BatchTrigger, WithoutAnIntervalEndsABatchAtItsFirstRow) {
    BatchTrigger trigger(0s, false);
    trigger.restart(trigger_start);
    EXPECT_FALSE(trigger.is_due({}, trigger_start));
    EXPECT_TRUE(trigger.is_due({.rows = 1}, trigger_start));
}

TEST(BatchTrigger, WithoutAnIntervalLeavesTimeBetweenCommits) {
    for (const BatchBarrier::Status& batch :
         {BatchBarrier::Status{.rows = 1}, BatchBarrier::Status{.moved = true}}) {
        BatchTrigger trigger(0s, false);
        trigger.restart(trigger_start);
        trigger.note_commit(trigger_start);
        EXPECT_FALSE(trigger.is_due(batch, trigger_start + BatchTrigger::continuous_spacing - 1ms));
        EXPECT_TRUE(trigger.is_due(batch, trigger_start + BatchTrigger::continuous_spacing));
    }
}

TEST(BatchTrigger, EndsAFullBatchSoonAfterTheLast) {
    BatchTrigger trigger(0s, false);
    trigger.restart(trigger_start);
    trigger.note_commit(trigger_start);
    EXPECT_TRUE(trigger.is_due({.full = true}, trigger_start + 1ms));
}

TEST(BatchTrigger, ObeysAnIntervalOfLessThanASecond) {
    BatchTrigger trigger(200ms, false);
    trigger.restart(trigger_start);
    trigger.note_commit(trigger_start);
    EXPECT_TRUE(trigger.is_due({.rows = 1}, trigger_start + 200ms));
}

TEST(BatchTrigger, WithAvailableNowOnlyAFullBatchEnds) {
    BatchTrigger trigger(20s, true);
    trigger.restart(trigger_start);
    EXPECT_FALSE(trigger.is_due({.rows = 5, .moved = true}, trigger_start + 10min));
}

TEST(BatchTrigger, AsksAgainWhenTheIntervalEnds) {
    BatchTrigger trigger(20s, false);
    trigger.restart(trigger_start);
    EXPECT_EQ(trigger.next_check(trigger_start + 19'990ms), trigger_start + 20s);
    EXPECT_LE(trigger.next_check(trigger_start), trigger_start + 1s);
}

}  // namespace
}  // namespace millrace::silver
