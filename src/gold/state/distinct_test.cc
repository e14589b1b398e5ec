#include "gold/state/distinct.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace millrace::gold {
namespace {

std::vector<std::uint64_t> some_hashes(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<std::uint64_t> hashes(count);
    std::ranges::generate(hashes, random);
    return hashes;
}

Distinct of(const auto& hashes) {
    Distinct distinct;
    for (const std::uint64_t hash : hashes) distinct.add(hash);
    return distinct;
}

TEST(Distinct, IsExactBelowItsBound) {
    const auto hashes = some_hashes(Distinct::exact_below - 1, 1);
    Distinct distinct = of(hashes);
    distinct.add(of(hashes));
    EXPECT_EQ(distinct.count(), Distinct::exact_below - 1);
}

TEST(Distinct, EstimatesAboveItWithinItsError) {
    for (const std::size_t count : {10'000UL, 100'000UL, 1'000'000UL}) {
        const auto estimate = static_cast<double>(of(some_hashes(count, count)).count());
        EXPECT_NEAR(estimate / static_cast<double>(count), 1, 0.05) << count;
    }
}

TEST(Distinct, CountsTheSameInAnyOrderAndForAnySplitOfTheSet) {
    std::mt19937_64 random(7);
    for (const std::size_t count : {100UL, 5'000UL, 8'191UL, 8'192UL, 12'000UL, 60'000UL}) {
        auto hashes = some_hashes(count, count);
        const std::int64_t once = of(hashes).count();
        std::ranges::shuffle(hashes, random);
        EXPECT_EQ(of(hashes).count(), once);
        const auto middle = hashes.begin() + static_cast<std::ptrdiff_t>(random() % count);
        Distinct joined = of(std::vector(middle, hashes.end()));
        joined.add(of(std::vector(hashes.begin(), middle)));
        joined.add(of(some_hashes(count / 2, count)));  // the same first half of the hashes again
        EXPECT_EQ(joined.count(), once) << count;
    }
}

}  // namespace
}  // namespace millrace::gold
