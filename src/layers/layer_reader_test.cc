#include "layers/layer_reader.h"

#include <gtest/gtest.h>

namespace millrace::layers {
namespace {

constexpr std::int64_t us = 1'000'000;

bool cut(std::vector<std::int64_t>& times, std::int64_t limit, base::Duration last = {}) {
    return cut_rows(times, limit, last, [](std::int64_t time) { return time; });
}

TEST(CutRows, KeepsTheLimitAndTellsWhetherThereWereMore) {
    std::vector<std::int64_t> times = {9 * us, 8 * us, 7 * us};
    EXPECT_FALSE(cut(times, 3));
    EXPECT_TRUE(cut(times, 2));
    EXPECT_EQ(times, std::vector<std::int64_t>({9 * us, 8 * us}));
}

TEST(CutRows, LeavesOutRowsFromLongBeforeTheNewestOne) {
    std::vector<std::int64_t> times = {90 * us, 30 * us, 29 * us};
    EXPECT_FALSE(cut(times, 2, std::chrono::minutes(1)));
    EXPECT_EQ(times, std::vector<std::int64_t>({90 * us, 30 * us}));
    std::vector<std::int64_t> none;
    EXPECT_FALSE(cut(none, 1, std::chrono::minutes(1)));
}

}  // namespace
}  // namespace millrace::layers
