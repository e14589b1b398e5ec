#include "verify/offset_set.h"

#include <gtest/gtest.h>

namespace millrace::verify {
namespace {

TEST(OffsetSet, TakesEachOffsetOnce) {
    OffsetSet offsets;
    EXPECT_TRUE(offsets.insert(7));
    EXPECT_FALSE(offsets.insert(7));
    EXPECT_TRUE(offsets.insert(0));
    EXPECT_TRUE(offsets.insert(100'000));
    EXPECT_EQ(offsets.size(), 3);
}

TEST(OffsetSet, ContainsWhatWasInserted) {
    OffsetSet offsets;
    EXPECT_FALSE(offsets.contains(0));
    offsets.insert(5);
    EXPECT_TRUE(offsets.contains(5));
    EXPECT_FALSE(offsets.contains(4));
    EXPECT_FALSE(offsets.contains(1'000'000));
}

}  // namespace
}  // namespace millrace::verify
