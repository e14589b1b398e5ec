#include "silver/message/shared_members.h"

#include <gtest/gtest.h>

namespace millrace::silver {
namespace {

TEST(SharedMembers, TheSameTextIsReadOnceAndNothingOfItIsTaken) {
    SharedMembers shared;
    JsonTree& tree = shared.read(R"({"a":1})");
    ASSERT_TRUE(shared.present());
    tree[1].taken = true;
    EXPECT_FALSE(shared.read(R"({"a":1})")[1].taken);
    EXPECT_EQ(shared.read(R"({"b":2})")[1].name(), "b");
}

TEST(SharedMembers, WhatIsNoObjectIsAbsent) {
    SharedMembers shared;
    EXPECT_FALSE(shared.present());
    for (const char* text : {"", "[1]", "{", "{\"a\":1}x"}) {
        shared.read(R"({"a":1})");
        shared.read(text);
        EXPECT_FALSE(shared.present()) << text;
    }
}

}  // namespace
}  // namespace millrace::silver
