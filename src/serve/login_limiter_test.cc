#include "serve/login_limiter.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::serve {
namespace {

TEST(LoginLimiter, AllowsTenWrongSecretsPerMinuteForOneNameFromOneAddress) {
    LoginLimiter limiter;
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(limiter.may_check("a", "ann", true, i));
        limiter.record_wrong("a", "ann", i);
    }
    EXPECT_FALSE(limiter.may_check("a", "ann", true, 59'999));
    EXPECT_TRUE(limiter.may_check("b", "ann", true, 59'999));
    EXPECT_TRUE(limiter.may_check("a", "bob", true, 59'999));
    EXPECT_TRUE(limiter.may_check("a", "ann", true, 60'000));
}

TEST(LoginLimiter, UnknownNamesCostLittleAndDoNotDelayKnownNames) {
    LoginLimiter limiter;
    int hashed = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::string name = "guess" + std::to_string(i);
        if (limiter.may_check("a", name, false, i / 10)) ++hashed;  // the loop covers one second
        limiter.record_wrong("a", name, i / 10);
        EXPECT_TRUE(limiter.may_check("a", "ann", true, i / 10));
    }
    EXPECT_EQ(hashed, 5);
    EXPECT_TRUE(limiter.may_check("a", "guess", false, 1000));
}

TEST(LoginLimiter, AnyNumberOfGuessersTakesBoundedMemoryAndTheLatestIsRemembered) {
    LoginLimiter limiter;
    for (int i = 0; i < 30'000; ++i) limiter.record_wrong(std::to_string(i), "ann", 0);
    for (int i = 0; i < 10; ++i) limiter.record_wrong("last", "ann", 1);
    EXPECT_FALSE(limiter.may_check("last", "ann", true, 2));
}

}  // namespace
}  // namespace millrace::serve
