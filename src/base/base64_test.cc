#include "base/base64.h"

#include <gtest/gtest.h>

namespace millrace::base {
namespace {

TEST(Base64, AnyBytesAreWrittenWithPadding) {
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("a"), "YQ==");
    EXPECT_EQ(base64("ab"), "YWI=");
    EXPECT_EQ(base64(std::string_view("\0\xff\xfe", 3)), "AP/+");
}

}  // namespace
}  // namespace millrace::base
