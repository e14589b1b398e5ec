#include "silver/message/json_tree.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>
#include <string>
#include <vector>

#include "bronze/record.h"
#include "silver/message/json_escape.h"

namespace millrace::silver {
namespace {

using model::ValidationRule;

class JsonTreeTest : public testing::Test {
  protected:
    /// Reads `json`. What is behind it looks like more of it, so that reading too far would show.
    ValidationRule read(std::string json, char behind = '1') {
        size_ = json.size();
        text_ = std::move(json);
        text_.append(bronze::record_padding, behind);
        return tree_.read(std::string_view(text_).substr(0, size_));
    }
    std::vector<std::string> members(JsonTree::Index of) {
        std::vector<std::string> found;
        tree_.each(of, [&](JsonTree::Index at) {
            found.emplace_back(tree_[at].key == nullptr ? tree_[at].raw() : tree_[at].raw_member());
        });
        return found;
    }

    JsonTree tree_;
    std::string text_;
    std::size_t size_ = 0;
};

TEST_F(JsonTreeTest, EachValueKeepsTheTextOfItsSender) {
    ASSERT_EQ(read(R"( {"a" : "x\u0041\"y", "b":[1, -2.50e+1 ,true,null,{ }], "":{"c":{"d":""}}} )"),
              ValidationRule::none);
    EXPECT_EQ(members(0),
              (std::vector<std::string>{R"("a" : "x\u0041\"y")", R"("b":[1, -2.50e+1 ,true,null,{ }])",
                                        R"("":{"c":{"d":""}})"}));
    EXPECT_EQ(members(2), (std::vector<std::string>{"1", "-2.50e+1", "true", "null", "{ }"}));
    TextArena arena;
    EXPECT_TRUE(tree_[1].escaped);
    EXPECT_EQ(unescape_json(tree_[1].value(), arena), "xA\"y");
}

TEST_F(JsonTreeTest, EscapesAreResolved) {
    ASSERT_EQ(read(R"({"a":"\b\f\n\r\t\/\\\"\u00e9\u20AC\uD83D\uDE00\u0000"})"), ValidationRule::none);
    TextArena arena;
    using namespace std::string_view_literals;
    EXPECT_EQ(unescape_json(tree_[1].value(), arena), "\b\f\n\r\t/\\\"é€😀\0"sv);
}

TEST_F(JsonTreeTest, FaultsHaveTheirRule) {
    EXPECT_EQ(read(""), ValidationRule::empty_record);
    EXPECT_EQ(read(" \n\t"), ValidationRule::empty_record);
    EXPECT_EQ(read("\xEF\xBB\xBF{}"), ValidationRule::byte_order_mark);
    EXPECT_EQ(read("{\"a\":\"\xFF\"}"), ValidationRule::not_utf8);
    EXPECT_EQ(read("{\"\xC3\":1}"), ValidationRule::not_utf8);
    EXPECT_EQ(read("[]"), ValidationRule::not_an_object);
    EXPECT_EQ(read("5"), ValidationRule::not_an_object);
    EXPECT_EQ(read("\"a\""), ValidationRule::not_an_object);
    const auto nested = [](int levels) {
        const auto count = static_cast<std::size_t>(levels - 1);
        return "{\"a\":" + std::string(count, '[') + std::string(count, ']') + "}";
    };
    EXPECT_EQ(read(nested(64)), ValidationRule::none);
    EXPECT_EQ(read(nested(65)), ValidationRule::nested_too_deep);
    EXPECT_EQ(read(std::string(1'000'000, '[')), ValidationRule::nested_too_deep);
}

TEST_F(JsonTreeTest, BadSyntaxIsFoundAnywhere) {
    for (const char* json : {"{",
                             "}",
                             "{\"a\"",
                             "{\"a\":",
                             "{\"a\":1",
                             "{\"a\":1,",
                             "{\"a\":1,}",
                             "{,}",
                             "{\"a\" 1}",
                             "{\"a\":1 \"b\":2}",
                             "{\"a\":[1,]}",
                             "{\"a\":[1 2]}",
                             "{\"a\":[1}",
                             "{\"a\":01}",
                             "{\"a\":1.}",
                             "{\"a\":.5}",
                             "{\"a\":+1}",
                             "{\"a\":1e}",
                             "{\"a\":-}",
                             "{\"a\":NaN}",
                             "{\"a\":Infinity}",
                             "{\"a\":1e999}",
                             "{\"a\":tru}",
                             "{\"a\":nulll}",
                             "{\"a\":True}",
                             "{\"a\":\"\\q\"}",
                             "{\"a\":\"\\u12\"}",
                             "{\"a\":\"\\ud800\"}",
                             "{\"a\":\"\\udc00\"}",
                             "{\"a\":\"\\ud800\\u0041\"}",
                             "{\"a\":\"\n\"}",
                             "{\"a\":\"b}",
                             "{}{}",
                             "{} x",
                             "{a:1}",
                             "{'a':1}",
                             "{\"a\":1}]",
                             "[}",
                             "{\"a\":\"\\",
                             "{\"\\ud800\":1}"})
        for (const char behind : {'1', '"', '}', ' ', '\0'})
            EXPECT_EQ(read(json, behind), ValidationRule::bad_json) << json << behind;
}

TEST_F(JsonTreeTest, NumbersThatRoundToZeroAreNoFault) {
    EXPECT_EQ(read(R"({"a":1e-999,"b":-0,"c":)" + std::string(308, '9') + "}"), ValidationRule::none);
    EXPECT_EQ(read(R"({"c":)" + std::string(400, '9') + "}"), ValidationRule::bad_json);
}

TEST_F(JsonTreeTest, MutatedTextsAreJudgedAsByAnotherParser) {
    const std::string good =
        R"({"a":"xé\n\ud83d\ude00","b":[1,-2.5e3,true,false,null],"c":{"d":{},"e":[]},"f":"a longer text than one block of the scanner has, to be sure","g":0.1})";
    std::mt19937 random(1);
    simdjson::dom::parser parser(1U << 20U);
    for (int i = 0; i < 20'000; ++i) {
        std::string json = good;
        for (unsigned change = random() % 4; change > 0; --change) {
            const std::size_t at = random() % json.size();
            constexpr std::string_view bytes = "\"\\{}[]:,0123456789eE+-.truefalsn \n\xC3\xA9\xFF u";
            switch (random() % 3) {
                case 0:
                    json[at] = bytes[random() % bytes.size()];
                    break;
                case 1:
                    json.erase(at, 1 + random() % 3);
                    break;
                default:
                    json.insert(at, 1, bytes[random() % bytes.size()]);
            }
        }
        const auto rule = read(json);
        const auto other = parser.parse(json);
        if (other.error() == simdjson::NUMBER_ERROR) continue;  // it refuses large integers
        const bool accepted = rule == ValidationRule::none || rule == ValidationRule::not_an_object;
        EXPECT_EQ(accepted, other.error() == simdjson::SUCCESS) << json;
        EXPECT_EQ(rule == ValidationRule::not_utf8, !simdjson::validate_utf8(json)) << json;
    }
}

TEST_F(JsonTreeTest, AHugeMessageIsFollowedByAUsualOne) {
    std::string huge = "{\"a\":[1";
    for (int i = 0; i < 300'000; ++i) huge += ",1";
    EXPECT_EQ(read(huge + "]}"), ValidationRule::none);
    EXPECT_EQ(tree_.size(), 300'003U);
    EXPECT_EQ(read("{\"a\":1}"), ValidationRule::none);
    EXPECT_EQ(members(0), (std::vector<std::string>{"\"a\":1"}));
}

}  // namespace
}  // namespace millrace::silver
