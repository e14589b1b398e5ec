#include "base/short_text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace millrace::base {
namespace {

TEST(ShortText, AgreesWithTheLibraryAtEveryLength) {
    std::mt19937 random(1);
    for (int i = 0; i < 200'000; ++i) {
        std::string a(random() % 40, '\0');
        for (char& c : a) c = "\\ab\x5b\x5d\xdc"[random() % 6];
        std::string b = a;
        if (!b.empty() && random() % 2 == 0) b[random() % b.size()] = 'x';
        ASSERT_EQ(equal_short(a, b), a == b) << a << " " << b;
    }
}

}  // namespace
}  // namespace millrace::base
