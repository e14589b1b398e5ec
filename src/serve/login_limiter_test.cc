#include "serve/login_limiter.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::serve {
namespace {

base::SteadyTime at(int ms) {
    return base::SteadyTime(std::chrono::milliseconds(ms));
}

TEST(LoginLimiter, AllowsTenWrongSecretsPerMinuteForOneNameFromOneAddress) {
    LoginLimiter limiter;
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(limiter.may_check("a", "ann", true, at(i)));
        limiter.record_wrong("a", "ann", at(i));
    }
    EXPECT_FALSE(limiter.may_check("a", "ann", true, at(59'999)));
    EXPECT_TRUE(limiter.may_check("b", "ann", true, at(59'999)));
    EXPECT_TRUE(limiter.may_check("a", "bob", true, at(59'999)));
    EXPECT_TRUE(limiter.may_check("a", "ann", true, at(60'000)));
}

TEST(LoginLimiter, UnknownNamesCostLittleAndDoNotDelayKnownNames) {
    LoginLimiter limiter;
    int hashed = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::string name = "guess" + std::to_string(i);
        if (limiter.may_check("a", name, false, at(i / 10))) ++hashed;  // the loop covers one second
        limiter.record_wrong("a", name, at(i / 10));
        EXPECT_TRUE(limiter.may_check("a", "ann", true, at(i / 10)));
    }
    EXPECT_EQ(hashed, 5);
    EXPECT_TRUE(limiter.may_check("a", "guess", false, at(1000)));
}

TEST(LoginLimiter, AnyNumberOfGuessersTakesBoundedMemoryAndTheLatestIsRemembered) {
    LoginLimiter limiter;
    for (int i = 0; i < 12'000; ++i) limiter.record_wrong(std::to_string(i), "ann", at(0));
    for (int i = 0; i < 10; ++i) limiter.record_wrong("last", "ann", at(1));
    EXPECT_FALSE(limiter.may_check("last", "ann", true, at(2)));
}

}  // namespace
}  // namespace millrace::serve
