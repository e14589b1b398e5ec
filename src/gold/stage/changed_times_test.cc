#include "gold/stage/changed_times.h"

#include <gtest/gtest.h>

#include <sstream>

#include "gold/test_times.h"

namespace millrace::gold {

namespace {

using Times = std::vector<Timestamp>;

TEST(ChangedTimes, TheDayOfATimeIsCorrectedAtOnceAndWhenItsHourAndItsDayAreClosed) {
    ChangedTimes changed(model::TimeZone("UTC"));
    changed.add({noon});
    EXPECT_EQ(changed.take(noon + minute), Times{noon});
    EXPECT_EQ(changed.take(noon + minute), Times());
    EXPECT_EQ(changed.take(noon + hour), Times{noon}) << "its hour is closed now";
    EXPECT_EQ(changed.take(noon + 13 * hour), Times{noon}) << "its day is closed now";
    EXPECT_EQ(changed.take(end_of_time), Times());
}

TEST(ChangedTimes, WhatWasToldIsToldAgainAfterARestart) {
    ChangedTimes before(model::TimeZone("UTC"));
    before.add({noon});
    (void)before.take(noon);
    before.add({noon + minute});
    std::stringstream state;
    before.save(state);
    ChangedTimes changed(model::TimeZone("UTC"));
    changed.load(state);
    EXPECT_EQ(changed.take(noon), Times{noon + minute});
    EXPECT_EQ(changed.take(noon + hour), (Times{noon, noon + minute}));
}

}  // namespace

}  // namespace millrace::gold
