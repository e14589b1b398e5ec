#include "silver/bots.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <re2/re2.h>

namespace millrace::silver {
namespace {

TEST(Bots, AreDistinguishedFromPeople) {
    Bots bots;
    for (const char* bot :
         {"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
          "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "curl/8.5.0",
          "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"})
        EXPECT_TRUE(bots.is_bot(bot)) << bot;
    for (const char* person : {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
                               "Chrome/130.0.0.0 Safari/537.36",
                               "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
                               "(KHTML, like Gecko) Version/17.5 "
                               "Mobile/15E148 Safari/604.1",
                               ""})
        EXPECT_FALSE(bots.is_bot(person)) << person;
    EXPECT_TRUE(bots.is_bot("curl/8.5.0")) << "the cached result is the same";
}

TEST(Bots, EveryPatternOfTheListCompiles) {
    ASSERT_GT(bot_patterns().size(), 500U);
    for (const std::string_view pattern : bot_patterns())
        EXPECT_TRUE(RE2(std::string(pattern), RE2::Quiet).ok()) << pattern;
}

TEST(Bots, UserAgentsOfAnyNumberAndLengthTakeBoundedMemory) {
    Bots bots;
    for (int i = 0; i < 25'000; ++i) EXPECT_FALSE(bots.is_bot("Mozilla/5.0 visitor " + std::to_string(i)));
    std::string long_one = "Mozilla/5.0 " + std::string(60'000, 'x');
    const std::size_t before = ::mallinfo2().uordblks;
    for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(bots.is_bot(long_one + std::to_string(i)));
    EXPECT_LT(::mallinfo2().uordblks, before + (std::size_t{4} << 20U))
        << "memory grew with 60 MB of distinct user agents";
}

}  // namespace
}  // namespace millrace::silver
