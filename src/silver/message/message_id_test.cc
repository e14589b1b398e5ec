#include "silver/message/message_id.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::silver {
namespace {

Message message_at(std::string_view position, std::string_view request, std::string_view place) {
    Message message;
    message.position = position;
    message.origin.source = "web";
    message.origin.request = request;
    message.origin.place = place;
    return message;
}

TEST(MessageId, ComesFromTheRequestAndElseFromThePosition) {
    TextArena arena;
    const auto id = [&](std::string_view position, std::string_view request, std::string_view place) {
        return std::string(derived_message_id(message_at(position, request, place), arena));
    };
    EXPECT_EQ(id("t/e/0/1", "key", "0"), id("t/e/2/9", "key", "0"));
    EXPECT_NE(id("t/e/0/1", "key", "0"), id("t/e/0/1", "key", "1"));
    EXPECT_NE(id("t/e/0/1", "key", "0"), id("t/e/0/1", "other", "0"));
    EXPECT_EQ(id("t/e/0/1", "", "0"), id("t/e/0/1", "", "3"));
    EXPECT_NE(id("t/e/0/1", "", "0"), id("t/e/0/2", "", "0"));
    EXPECT_EQ(id("t/e/0/1", "", "0").size(), 32U);
}

TEST(MessageId, ListsOfTextsAreKeptApart) {
    TextArena arena;
    EXPECT_NE(hashed_id({"ab", "c"}, arena), hashed_id({"a", "bc"}, arena));
    EXPECT_NE(hashed_id({"", "a"}, arena), hashed_id({"a", ""}, arena));
    EXPECT_EQ(hashed_id({"ab", "c"}, arena), hashed_id({"ab", "c"}, arena));
}

TEST(MessageId, ALineHasItsNumberBehindTheMessagesId) {
    TextArena arena;
    EXPECT_EQ(line_id("m1", 0, arena), "m1#0");
    EXPECT_EQ(line_id("m1", 1234, arena), "m1#1234");
}

}  // namespace
}  // namespace millrace::silver
