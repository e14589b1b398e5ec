#include "silver/horizon.h"

#include <gtest/gtest.h>

namespace millrace::silver {
namespace {

constexpr model::Timestamp at_hour(int hour) {
    return model::Timestamp(std::chrono::hours(hour));
}

TEST(Horizon, AFastPartitionIsAheadUntilTheSlowOneComesNearOrHasNoMoreToRead) {
    Horizon horizon(std::chrono::hours(8), 3);
    EXPECT_FALSE(horizon.is_ahead(0));
    horizon.advance(0, at_hour(10), model::to_wall_time(at_hour(100)));
    EXPECT_FALSE(horizon.is_ahead(0));  // the other partitions have no clock yet
    horizon.advance(1, at_hour(7), model::to_wall_time(at_hour(100)));
    EXPECT_TRUE(horizon.is_ahead(0));
    EXPECT_FALSE(horizon.is_ahead(1));
    horizon.advance(1, at_hour(9), model::to_wall_time(at_hour(100)));
    EXPECT_FALSE(horizon.is_ahead(0));
    horizon.advance(0, at_hour(20), model::to_wall_time(at_hour(100)));
    EXPECT_TRUE(horizon.is_ahead(0));
    horizon.set_caught_up(1, true);
    EXPECT_FALSE(horizon.is_ahead(0));
}

TEST(Horizon, StartsItsLengthBeforeTheSlowestPartitionThatHasMoreToRead) {
    Horizon horizon(std::chrono::hours(8), 2);
    horizon.advance(0, at_hour(20), model::to_wall_time(at_hour(100)));
    horizon.advance(1, at_hour(10), model::to_wall_time(at_hour(100)));
    EXPECT_EQ(horizon.start(), at_hour(2));
    horizon.set_caught_up(1, true);
    EXPECT_EQ(horizon.start(), at_hour(12));
    horizon.set_caught_up(0, true);
    EXPECT_EQ(horizon.start(), at_hour(12));
}

TEST(Horizon, ASkewedDeviceClockCannotMoveItPastTheLogTime) {
    Horizon horizon(std::chrono::hours(8), 1);
    horizon.advance(0, at_hour(1000), model::to_wall_time(at_hour(20)));
    EXPECT_EQ(horizon.start(), at_hour(12));
}

}  // namespace
}  // namespace millrace::silver
