#include "catalog/data_loss.h"

#include <gtest/gtest.h>

namespace millrace::catalog {
namespace {

TEST(DataLossPolicy, EndsAtTheFirstLossUnlessItContinues) {
    EXPECT_FALSE(DataLossPolicy(false).tolerates_another());
    EXPECT_TRUE(DataLossPolicy(true).tolerates_another());
}

TEST(DataLossPolicy, ToleratesTenLossesBetweenCommits) {
    DataLossPolicy policy(true);
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(policy.tolerates_another());
    policy.note_commit();
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(policy.tolerates_another());
    EXPECT_FALSE(policy.tolerates_another());
}

}  // namespace
}  // namespace millrace::catalog
