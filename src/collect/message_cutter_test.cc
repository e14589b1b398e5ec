#include "collect/message_cutter.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "collect/bad_body.h"

namespace millrace::collect {
namespace {

using testing::ElementsAre;

std::vector<std::string> cut(std::string_view body) {
    MessageCutter cutter(body);
    std::vector<std::string> found;
    while (const auto value = cutter.next()) found.emplace_back(*value);
    return found;
}

TEST(MessageCutter, ValuesOneAfterTheOtherNeedNothingBetweenThem) {
    EXPECT_THAT(cut(R"({"a":1}{"b":[2]} "c" 4)"), ElementsAre(R"({"a":1})", R"({"b":[2]})", R"("c")", "4"));
    EXPECT_THAT(cut("{\"a\":1}\n{\"b\":2}\r\n\n{\"c\":3}"),
                ElementsAre(R"({"a":1})", R"({"b":2})", R"({"c":3})"));
    EXPECT_THAT(cut("[]"), ElementsAre());
    EXPECT_THAT(cut("\xEF\xBB\xBF[{\"a\":1}]"), ElementsAre(R"({"a":1})")) << "a byte order mark";
}

TEST(MessageCutter, BracketsAndCommasWithinStringsCutNothing) {
    EXPECT_THAT(cut(R"([{"a":"],[{\"\\"}, "x,]\"y"])"), ElementsAre(R"({"a":"],[{\"\\"})", R"("x,]\"y")"));
}

TEST(MessageCutter, AZeroByteIsAValueAndNotTheEnd) {
    EXPECT_THAT(cut(std::string_view("{}\0{}", 5)), ElementsAre("{}", std::string(1, '\0'), "{}"));
}

TEST(MessageCutter, WhatIsWrongInAMessageStaysInIt) {
    EXPECT_THAT(cut("[{\"a\":NaN},{\"b\":\"\xff\\ud800\"},{\"c\":tru},{}]"),
                ElementsAre(R"({"a":NaN})", "{\"b\":\"\xff\\ud800\"}", R"({"c":tru})", "{}"));
}

TEST(MessageCutter, NestingUsesNoStack) {
    const std::string deep = std::string(5'000'000, '[') + std::string(5'000'000, ']');
    EXPECT_THAT(cut("{\"a\":" + deep + "}"), ElementsAre("{\"a\":" + deep + "}"));
}

TEST(MessageCutter, ValuesThatCannotBeToldApartAreRefused) {
    for (const char* body : {"", " \r\n\t", "{", "[{}", "[{} {}]", "[1] 2", "\"a", "{\"a\":\"}", "[\"\\\"]",
                             "[", "[1,", "[1,]", "[,1]", "hello", "5", "event=view&x=1", "<html>"})
        EXPECT_THROW(cut(body), BadBody) << body;
}

TEST(MessageCutter, SaysWhereAValueBegins) {
    MessageCutter cutter(R"([ {"a":1} , {}])");
    ASSERT_TRUE(cutter.next());
    EXPECT_EQ(cutter.position(), 2U);
    ASSERT_TRUE(cutter.next());
    EXPECT_EQ(cutter.position(), 12U);
    EXPECT_FALSE(cutter.next());
    EXPECT_EQ(cutter.count(), 2U);
}

}  // namespace
}  // namespace millrace::collect
