#include "gold/alerts/unusual.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millrace::gold {
namespace {

constexpr UnusualLimits drop{.below = true, .share = 0.75, .probability = 1e-4};
constexpr UnusualLimits rise{.below = false, .share = 1.8, .probability = 1e-4};

/// The probability that a Poisson distribution has at most this value.
double poisson_at_most(int value, double mean) {
    double sum = 0;
    double term = std::exp(-mean);
    for (int k = 0; k <= value; term *= mean / ++k) sum += term;
    return sum;
}

TEST(Unusual, ADropMustBeImprobable) {
    for (const double mean : {12.0, 20.0, 40.0}) {
        for (int value = 0; value < mean; ++value) {
            const auto comparison = compare(value, {.mean = mean}, drop);
            ASSERT_TRUE(comparison);
            const bool expected = value < 0.75 * mean && poisson_at_most(value, mean) < 1e-4;
            EXPECT_EQ(comparison->unusual, expected) << value << " of " << mean;
        }
    }
}

TEST(Unusual, ADropMustMatter) {
    const Usual busy{.mean = 1e6};
    EXPECT_FALSE(compare(0.8e6, busy, drop)->unusual) << "improbable, but not worth an alert";
    EXPECT_TRUE(compare(0.7e6, busy, drop)->unusual);
    EXPECT_DOUBLE_EQ(compare(0.8e6, busy, drop)->share, 0.8);
}

TEST(Unusual, BurstsMakeADropProbable) {
    EXPECT_TRUE(compare(30, {.mean = 100, .dispersion = 1}, drop)->unusual);
    EXPECT_FALSE(compare(30, {.mean = 100, .dispersion = 10}, drop)->unusual);
}

TEST(Unusual, WhatHappenedTwiceIsUsual) {
    EXPECT_FALSE(compare(30, {.mean = 100, .extreme = 25}, drop)->unusual);
    EXPECT_TRUE(compare(20, {.mean = 100, .extreme = 25}, drop)->unusual);
    EXPECT_FALSE(compare(300, {.mean = 100, .extreme = 350}, rise)->unusual);
    EXPECT_TRUE(compare(400, {.mean = 100, .extreme = 350}, rise)->unusual);
}

TEST(Unusual, IsNotJudgedWhereNothingWouldBeImprobable) {
    EXPECT_FALSE(compare(0, {.mean = 0}, drop));
    EXPECT_FALSE(compare(0, {.mean = 9}, drop)) << "no events at all have the probability e^-9 > 1e-4";
    EXPECT_TRUE(compare(0, {.mean = 10}, drop));
    EXPECT_FALSE(compare(0, {.mean = 90, .dispersion = 10}, drop)) << "these are 9 bursts";
    EXPECT_FALSE(compare(5, {.mean = 0}, rise));
    ASSERT_TRUE(compare(20, {.mean = 1}, drop)) << "so many events are clearly no drop";
    EXPECT_FALSE(compare(20, {.mean = 1}, drop)->unusual);
}

TEST(Unusual, ValuesThatHardlyEverDifferAreJudgedToo) {
    const Usual steady{.mean = 3000, .dispersion = 1e-9};
    EXPECT_TRUE(compare(30, steady, drop)->unusual);
    EXPECT_FALSE(compare(2990, steady, drop)->unusual);
    EXPECT_NEAR(compare(30, steady, drop)->bound(), 0.75 * 3000, 1);
    EXPECT_TRUE(compare(1e12, steady, rise)->unusual);
    EXPECT_NEAR(compare(1e12, steady, rise)->bound(), 1.8 * 3000, 1);
}

TEST(Unusual, TheBoundIsTheValueFromWhichOnItIsUnusual) {
    for (const Usual& usual : {Usual{.mean = 50}, Usual{.mean = 1000}, Usual{.mean = 5e4, .dispersion = 300},
                               Usual{.mean = 50, .extreme = 22}}) {
        const double low = compare(0, usual, drop)->bound();
        EXPECT_TRUE(compare(low * 0.999 - 0.001, usual, drop)->unusual) << low;
        EXPECT_FALSE(compare(low * 1.001 + 0.001, usual, drop)->unusual) << low;
        Usual above = usual;
        if (above.extreme) above.extreme = 200;
        const double high = compare(0, above, rise)->bound();
        EXPECT_TRUE(compare(high * 1.001, above, rise)->unusual) << high;
        EXPECT_FALSE(compare(high * 0.999, above, rise)->unusual) << high;
    }
}

}  // namespace
}  // namespace millrace::gold
