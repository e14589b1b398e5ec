#include "layers/layer_reader.h"

#include <gtest/gtest.h>

namespace millrace::layers {
namespace {

using model::Timestamp;

constexpr Timestamp at_second(int second) {
    return Timestamp(std::chrono::seconds(second));
}

bool cut(std::vector<Timestamp>& times, std::int64_t limit, base::Duration last = {}) {
    return cut_rows(times, limit, last, [](Timestamp time) { return time; });
}

TEST(CutRows, KeepsTheLimitAndTellsWhetherThereWereMore) {
    std::vector<Timestamp> times = {at_second(9), at_second(8), at_second(7)};
    EXPECT_FALSE(cut(times, 3));
    EXPECT_TRUE(cut(times, 2));
    EXPECT_EQ(times, std::vector<Timestamp>({at_second(9), at_second(8)}));
}

TEST(CutRows, LeavesOutRowsFromLongBeforeTheNewestOne) {
    std::vector<Timestamp> times = {at_second(90), at_second(30), at_second(29)};
    EXPECT_FALSE(cut(times, 2, std::chrono::minutes(1)));
    EXPECT_EQ(times, std::vector<Timestamp>({at_second(90), at_second(30)}));
    std::vector<Timestamp> none;
    EXPECT_FALSE(cut(none, 1, std::chrono::minutes(1)));
}

}  // namespace
}  // namespace millrace::layers
