#include "silver/stage/batch_trigger.h"

#include <gtest/gtest.h>

namespace millrace::silver {
namespace {

using namespace std::chrono_literals;

const auto start = BatchTrigger::Clock::time_point() + 1h;

TEST(BatchTrigger, EndsABatchAtEachInterval) {
    BatchTrigger trigger(20s, false);
    trigger.restart(start);
    EXPECT_FALSE(trigger.is_due({.rows = 5}, start + 19s));
    EXPECT_TRUE(trigger.is_due({.rows = 5}, start + 20s));
    EXPECT_FALSE(trigger.is_due({.rows = 5}, start + 39s));
    EXPECT_TRUE(trigger.is_due({.rows = 5}, start + 40s));
}

TEST(BatchTrigger, SkipsIntervalsThatPassedWhileABatchWasCommitted) {
    BatchTrigger trigger(20s, false);
    trigger.restart(start);
    EXPECT_TRUE(trigger.is_due({}, start + 65s));
    EXPECT_FALSE(trigger.is_due({}, start + 79s)) << "the intervals keep their rhythm";
    EXPECT_TRUE(trigger.is_due({}, start + 80s));
}

TEST(BatchTrigger, EndsAFullBatchAtOnce) {
    for (const bool available_now : {false, true}) {
        BatchTrigger trigger(20s, available_now);
        trigger.restart(start);
        EXPECT_TRUE(trigger.is_due({.full = true}, start));
    }
}

TEST(BatchTrigger, WithoutAnIntervalEndsABatchAtItsFirstRow) {
    BatchTrigger trigger(0s, false);
    trigger.restart(start);
    EXPECT_FALSE(trigger.is_due({}, start));
    EXPECT_TRUE(trigger.is_due({.rows = 1}, start));
}

TEST(BatchTrigger, CommitsPassedOffsetsWithoutARecordAtMostOnceASecond) {
    BatchTrigger trigger(0s, false);
    trigger.restart(start);
    trigger.note_commit(start);
    EXPECT_FALSE(trigger.is_due({.moved = true}, start + 999ms));
    EXPECT_TRUE(trigger.is_due({.moved = true}, start + 1s));
}

TEST(BatchTrigger, WithAvailableNowOnlyAFullBatchEnds) {
    BatchTrigger trigger(20s, true);
    trigger.restart(start);
    EXPECT_FALSE(trigger.is_due({.rows = 5, .moved = true}, start + 10min));
}

TEST(BatchTrigger, AsksAgainWhenTheIntervalEnds) {
    BatchTrigger trigger(20s, false);
    trigger.restart(start);
    EXPECT_EQ(trigger.next_check(start + 19'990ms), start + 20s);
    EXPECT_LE(trigger.next_check(start), start + 1s);
}

}  // namespace
}  // namespace millrace::silver
