#include "collect/rate_limiter.h"

#include <gtest/gtest.h>

namespace millrace::collect {
namespace {

/// Returns the result of wait_for(), and takes the events if it is 0.
std::int64_t send(RateLimiter& limiter, std::string_view who, std::size_t events, std::int64_t ms) {
    const auto wait = limiter.wait_for(who, events, base::SteadyTime(std::chrono::milliseconds(ms)));
    if (wait == 0) limiter.take(who, events);
    return wait;
}

TEST(RateLimiter, AReserveOfTenSecondsAndThenTheRate) {
    RateLimiter limiter(5);
    EXPECT_EQ(send(limiter, "a", 50, 0), 0);
    EXPECT_EQ(send(limiter, "a", 1, 0), 1);
    EXPECT_EQ(send(limiter, "a", 10, 0), 2);
    EXPECT_EQ(send(limiter, "a", 10, 2000), 0);
    EXPECT_EQ(send(limiter, "a", 1, 2000), 1);
    EXPECT_EQ(send(limiter, "a", 50, 12'000), 0);
}

TEST(RateLimiter, EachSenderHasItsOwnReserve) {
    RateLimiter limiter(1);
    EXPECT_EQ(send(limiter, "a", 10, 0), 0);
    EXPECT_GT(send(limiter, "a", 1, 0), 0);
    EXPECT_EQ(send(limiter, "b", 10, 0), 0);
}

TEST(RateLimiter, MoreThanTheReserveIsTakenOnceItIsFull) {
    RateLimiter limiter(10);
    EXPECT_EQ(send(limiter, "a", 500, 0), 0);
    EXPECT_EQ(send(limiter, "a", 500, 0), 50);
    EXPECT_GT(send(limiter, "a", 500, 49'000), 0);
    EXPECT_EQ(send(limiter, "a", 500, 50'000), 0);
}

TEST(RateLimiter, AClockThatGoesBackDoesNotReduceTheReserve) {
    RateLimiter limiter(5);
    EXPECT_EQ(send(limiter, "a", 1, 3'600'000), 0);
    EXPECT_EQ(send(limiter, "a", 1, 0), 0);
}

TEST(RateLimiter, ARateOfZeroMeansNoLimit) {
    RateLimiter limiter(0);
    EXPECT_EQ(send(limiter, "a", 1'000'000'000, 0), 0);
}

TEST(RateLimiter, AnyNumberOfSendersTakesBoundedMemory) {
    RateLimiter limiter(1);
    for (int i = 0; i < 250'000; ++i) EXPECT_EQ(send(limiter, std::to_string(i), 1, i / 1000), 0);
    EXPECT_GT(limiter.forgotten(), 0);
    EXPECT_LE(limiter.forgotten(), 250'000);
}

}  // namespace
}  // namespace millrace::collect
