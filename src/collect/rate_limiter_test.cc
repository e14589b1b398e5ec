#include "collect/rate_limiter.h"

#include <gtest/gtest.h>

namespace millrace::collect {
namespace {

TEST(RateLimiter, AReserveOfTenSecondsAndThenTheRate) {
    RateLimiter limiter(5);
    EXPECT_EQ(limiter.wait_for("a", 50, 0), 0);
    EXPECT_EQ(limiter.wait_for("a", 1, 0), 1);
    EXPECT_EQ(limiter.wait_for("a", 10, 0), 2);
    EXPECT_EQ(limiter.wait_for("a", 10, 2000), 0);
    EXPECT_EQ(limiter.wait_for("a", 1, 2000), 1);
    EXPECT_EQ(limiter.wait_for("a", 50, 12'000), 0);
}

TEST(RateLimiter, EachHasAReserveOfTheirOwn) {
    RateLimiter limiter(1);
    EXPECT_EQ(limiter.wait_for("a", 10, 0), 0);
    EXPECT_GT(limiter.wait_for("a", 1, 0), 0);
    EXPECT_EQ(limiter.wait_for("b", 10, 0), 0);
}

TEST(RateLimiter, MoreThanTheReserveIsTakenOnceItIsFull) {
    RateLimiter limiter(10);
    EXPECT_EQ(limiter.wait_for("a", 500, 0), 0);
    EXPECT_EQ(limiter.wait_for("a", 500, 0), 50);
    EXPECT_GT(limiter.wait_for("a", 500, 49'000), 0);
    EXPECT_EQ(limiter.wait_for("a", 500, 50'000), 0);
}

TEST(RateLimiter, NoneIsNone) {
    RateLimiter limiter(0);
    EXPECT_EQ(limiter.wait_for("a", 1'000'000'000, 0), 0);
}

TEST(RateLimiter, AnyNumberOfSendersTakesBoundedMemory) {
    RateLimiter limiter(1);
    for (int i = 0; i < 250'000; ++i) EXPECT_EQ(limiter.wait_for(std::to_string(i), 1, i), 0);
}

}  // namespace
}  // namespace millrace::collect
