#include "verify/offset_set.h"

#include <gtest/gtest.h>

namespace millrace::verify {
namespace {

TEST(OffsetSet, TakesEachOffsetOnce) {
    OffsetSet offsets;
    EXPECT_TRUE(offsets.insert(bronze::Offset(7)));
    EXPECT_FALSE(offsets.insert(bronze::Offset(7)));
    EXPECT_TRUE(offsets.insert(bronze::Offset(0)));
    EXPECT_TRUE(offsets.insert(bronze::Offset(100'000)));
    EXPECT_EQ(offsets.size(), 3);
}

TEST(OffsetSet, ContainsWhatWasInserted) {
    OffsetSet offsets;
    EXPECT_FALSE(offsets.contains(bronze::Offset(0)));
    offsets.insert(bronze::Offset(5));
    EXPECT_TRUE(offsets.contains(bronze::Offset(5)));
    EXPECT_FALSE(offsets.contains(bronze::Offset(4)));
    EXPECT_FALSE(offsets.contains(bronze::Offset(1'000'000)));
}

}  // namespace
}  // namespace millrace::verify
