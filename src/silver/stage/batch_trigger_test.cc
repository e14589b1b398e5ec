#include "silver/stage/batch_trigger.h"

#include <gtest/gtest.h>

namespace millrace::silver {
namespace {

using namespace std::chrono_literals;

const auto epoch = BatchTrigger::Clock::time_point() + 1h;

TEST(BatchTrigger, EndsABatchAtEachInterval) {
    BatchTrigger trigger(20s, false);
    trigger.restart(epoch);
    EXPECT_FALSE(trigger.is_due({.rows = 5}, epoch + 19s));
    EXPECT_TRUE(trigger.is_due({.rows = 5}, epoch + 20s));
    EXPECT_FALSE(trigger.is_due({.rows = 5}, epoch + 39s));
    EXPECT_TRUE(trigger.is_due({.rows = 5}, epoch + 40s));
}

TEST(BatchTrigger, SkipsIntervalsThatPassedWhileABatchWasCommitted) {
    BatchTrigger trigger(20s, false);
    trigger.restart(epoch);
    EXPECT_TRUE(trigger.is_due({}, epoch + 65s));
    EXPECT_FALSE(trigger.is_due({}, epoch + 79s)) << "the intervals keep their rhythm";
    EXPECT_TRUE(trigger.is_due({}, epoch + 80s));
}

TEST(BatchTrigger, EndsAFullBatchAtOnce) {
    for (const bool available_now : {false, true}) {
        BatchTrigger trigger(20s, available_now);
        trigger.restart(epoch);
        EXPECT_TRUE(trigger.is_due({.full = true}, epoch));
    }
}

TEST(BatchTrigger, WithoutAnIntervalEndsABatchAtItsFirstRow) {
    BatchTrigger trigger(0s, false);
    trigger.restart(epoch);
    EXPECT_FALSE(trigger.is_due({}, epoch));
    EXPECT_TRUE(trigger.is_due({.rows = 1}, epoch));
}

TEST(BatchTrigger, CommitsPassedOffsetsWithoutARecordAtMostOnceASecond) {
    BatchTrigger trigger(0s, false);
    trigger.restart(epoch);
    trigger.note_commit(epoch);
    EXPECT_FALSE(trigger.is_due({.moved = true}, epoch + 999ms));
    EXPECT_TRUE(trigger.is_due({.moved = true}, epoch + 1s));
}

TEST(BatchTrigger, WithAvailableNowOnlyAFullBatchEnds) {
    BatchTrigger trigger(20s, true);
    trigger.restart(epoch);
    EXPECT_FALSE(trigger.is_due({.rows = 5, .moved = true}, epoch + 10min));
}

TEST(BatchTrigger, AsksAgainWhenTheIntervalEnds) {
    BatchTrigger trigger(20s, false);
    trigger.restart(epoch);
    EXPECT_EQ(trigger.next_check(epoch + 19'990ms), epoch + 20s);
    EXPECT_LE(trigger.next_check(epoch), epoch + 1s);
}

}  // namespace
}  // namespace millrace::silver
