#include "silver/type_text.h"

#include <gtest/gtest.h>

namespace millrace::silver {
namespace {

TEST(TypeText, LettersOfAllScriptsMayBeInAType) {
    for (const char* type : {"view", "Add-To.Cart_2", "购买_完成", "заказ", "naïve", "รถเข็น", "कार्ट", "عربة"})
        EXPECT_EQ(normal_type(type), type);
}

TEST(TypeText, OneTextHasOneForm) {
    EXPECT_EQ(normal_type("cafe\u0301"), "caf\u00e9");
    EXPECT_EQ(normal_type("\u1112\u1161\u11ab"), "\ud55c") << "the syllable of three Hangul letters";
}

TEST(TypeText, OtherCharactersMayNot) {
    for (const char* type : {"", "a b", "a/b", "a=b", "🛒", "a\u200bb", "a\x01", "\xff", "a\xc3", "“a”",
                             "__HIVE_DEFAULT_PARTITION__"})
        EXPECT_EQ(normal_type(type), "") << type;
}

TEST(TypeText, TheLengthIsLimitedInCharactersAndBytes) {
    const auto repeated = [](std::string_view text, int times) {
        std::string all;
        for (int i = 0; i < times; ++i) all += text;
        return all;
    };
    EXPECT_EQ(normal_type(repeated("完", 64)).size(), 192U);
    EXPECT_EQ(normal_type(repeated("完", 65)), "");
    EXPECT_EQ(normal_type(repeated("𠀀", 60)).size(), 240U);
    EXPECT_EQ(normal_type(repeated("𠀀", 61)), "") << "the directory's name would be too long";
    EXPECT_EQ(normal_type(repeated("e\u0301", 64)).size(), 128U) << "the composed text counts";
    EXPECT_EQ(normal_type(type_of_name(repeated("𠀀", 100))), type_of_name(repeated("𠀀", 100)));
    EXPECT_EQ(normal_type(type_of_name(repeated("x", 1000))), type_of_name(repeated("x", 1000)));
}

TEST(TypeText, ANameBecomesAType) {
    EXPECT_EQ(type_of_name("Products Searched"), "products_searched");
    EXPECT_EQ(type_of_name("naïve/é"), "naïve_é");
    EXPECT_EQ(type_of_name("购买 完成"), "购买_完成");
    EXPECT_EQ(type_of_name("Заказ-1.0"), "Заказ-1.0");
    EXPECT_EQ(type_of_name("a→b “c” 🛒"), "a_b__c___");
    EXPECT_EQ(type_of_name("\xff"), "_");
}

TEST(TypeText, ALongNameEndsInAHash) {
    EXPECT_EQ(type_of_name(std::string(64, 'X')), std::string(64, 'x'));
    const std::string a = type_of_name(std::string(100, 'x'));
    EXPECT_EQ(a.size(), 64U);
    EXPECT_NE(a, type_of_name(std::string(101, 'x')));
}

}  // namespace
}  // namespace millrace::silver
