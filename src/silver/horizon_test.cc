#include "silver/horizon.h"

#include <gtest/gtest.h>

namespace millrace::silver {
namespace {

constexpr model::Timestamp hour = 3600 * model::us_per_second;

TEST(Horizon, AFastPartitionIsAheadUntilTheSlowOneComesNearOrHasNoMoreToRead) {
    Horizon horizon(std::chrono::hours(8), 3);
    EXPECT_FALSE(horizon.is_ahead(0));
    horizon.advance(0, 10 * hour, 100 * 3'600'000);
    EXPECT_FALSE(horizon.is_ahead(0));  // the other partitions have no clock yet
    horizon.advance(1, 7 * hour, 100 * 3'600'000);
    EXPECT_TRUE(horizon.is_ahead(0));
    EXPECT_FALSE(horizon.is_ahead(1));
    horizon.advance(1, 9 * hour, 100 * 3'600'000);
    EXPECT_FALSE(horizon.is_ahead(0));
    horizon.advance(0, 20 * hour, 100 * 3'600'000);
    EXPECT_TRUE(horizon.is_ahead(0));
    horizon.set_caught_up(1, true);
    EXPECT_FALSE(horizon.is_ahead(0));
}

TEST(Horizon, StartsItsLengthBeforeTheSlowestPartitionThatHasMoreToRead) {
    Horizon horizon(std::chrono::hours(8), 2);
    horizon.advance(0, 20 * hour, 100 * 3'600'000);
    horizon.advance(1, 10 * hour, 100 * 3'600'000);
    EXPECT_EQ(horizon.start(), 2 * hour);
    horizon.set_caught_up(1, true);
    EXPECT_EQ(horizon.start(), 12 * hour);
    horizon.set_caught_up(0, true);
    EXPECT_EQ(horizon.start(), 12 * hour);
}

TEST(Horizon, ASkewedDeviceClockCannotMoveItPastTheLogTime) {
    Horizon horizon(std::chrono::hours(8), 1);
    horizon.advance(0, 1000 * hour, 20 * 3'600'000);
    EXPECT_EQ(horizon.start(), 12 * hour);
}

}  // namespace
}  // namespace millrace::silver
