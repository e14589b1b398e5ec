#include "collect/request_body.h"

#include <gmock/gmock.h>

namespace millrace::collect {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::size_t max_messages = 100'000;

std::vector<std::string> split(std::string body) {
    BodyReader reader;
    const auto found = reader.split(body, {.max_messages = max_messages});
    return {found.begin(), found.end()};
}

TEST(RequestBody, OneObjectAnArrayAndLinesAreTakenApart) {
    EXPECT_THAT(split(R"( {"a":1} )"), ElementsAre(R"({"a":1})"));
    EXPECT_THAT(split(R"([{"a":[1]}, {"b":"]"} ,5,"x",null])"),
                ElementsAre(R"({"a":[1]})", R"({"b":"]"})", "5", R"("x")", "null"));
    EXPECT_THAT(split("{\"a\":1}\n{\"b\":2}\r\n\n{\"c\":3}"),
                ElementsAre(R"({"a":1})", R"({"b":2})", R"({"c":3})"));
    EXPECT_THAT(split("[]"), ElementsAre());
    EXPECT_THAT(split("\xEF\xBB\xBF[{\"a\":1}]"), ElementsAre(R"({"a":1})")) << "a byte order mark";
}

TEST(RequestBody, ManyLinesAreAllFound) {
    std::string body;
    for (int i = 0; i < 10'000; ++i) body += "{\"number\":" + std::to_string(i) + "}\n";
    const auto found = split(body);
    ASSERT_EQ(found.size(), 10'000U);
    EXPECT_EQ(found.back(), "{\"number\":9999}");
}

TEST(RequestBody, NumbersAndNestingBeyondTheFastParsersLimitsAreAccepted) {
    const std::string large = R"({"n":30728271221360764649472,"m":1e400})";
    EXPECT_THAT(split(large + "\n" + large), ElementsAre(large, large));
    EXPECT_THAT(split("[ " + large + " ,1, {} ]"), ElementsAre(large, "1", "{}"));
    EXPECT_THROW(split("[" + large + ",]"), BadBody);
    EXPECT_THROW(split("[" + large + "]]"), BadBody);
    EXPECT_THROW(split("[" + large + " 1]"), BadBody);
    EXPECT_THROW(split("[" + large), BadBody);
    EXPECT_THROW(split(large + "{"), BadBody);
    EXPECT_THROW(split("[30728271221360764649472,01]"), BadBody);
}

TEST(RequestBody, NestingIsBounded) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    const std::string deep = "{\"n\":1e400,\"a\":" + nested(max_depth - 1) + "}";
    EXPECT_THAT(split(deep), ElementsAre(deep));
    for (const std::size_t depth : {max_depth + 1, std::size_t{300'000}, std::size_t{500'000}}) {
        EXPECT_THROW(split("{\"a\":" + nested(depth) + "}"), BadBody);
        EXPECT_THROW(split("{}\n{\"a\":" + nested(depth)), BadBody);
        EXPECT_THROW(split(std::string(depth, '[')), BadBody);
    }
}

TEST(RequestBody, MoreMessagesThanAreAllowedAreRefusedBeforeTheyAreAllRead) {
    std::string body;
    for (std::size_t i = 0; i < max_messages; ++i) body += "1\n";
    EXPECT_EQ(split(body).size(), max_messages);
    EXPECT_THROW(split(body + "1"), LargeBody);
}

TEST(RequestBody, AMessageMayBeAsLargeAsTheLimit) {
    BodyReader reader;
    const std::string message = R"({"a":"xxx"})";
    for (const std::string& text : {message, "{}\n" + message, "[" + message + ", 1]"}) {
        std::string body = text;
        EXPECT_NO_THROW(reader.split(body, {.max_message_bytes = message.size()})) << text;
        EXPECT_THROW(reader.split(body, {.max_message_bytes = message.size() - 1}), LargeBody) << text;
    }
}

TEST(RequestBody, BytesAfterAZeroByteAreNotIgnored) {
    using namespace std::string_literals;
    for (const std::string& body : {"{}\0{}"s, "{}\n\0\n{}"s, "[{}]\0[{}]"s, "\0{}"s, "{}\0no { json"s})
        EXPECT_THROW(split(body), BadBody);
}

TEST(RequestBody, BrokenSyntaxAnywhereIsRefused) {
    for (const char* body : {"", "  ", "{", "[{\"a\":1}", "[{\"a\":}]", "{\"a\":1} {", "{\"a\":tru}", "[1,]",
                             "{\"a\":1}\n{\"b\"", "hello", "[{\"a\":\"\xff\"}]", "]"}) {
        EXPECT_THROW(split(body), BadBody) << body;
    }
}

}  // namespace
}  // namespace millrace::collect
