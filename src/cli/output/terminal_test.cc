#include "cli/output/terminal.h"

#include <gtest/gtest.h>

namespace millrace::cli {
namespace {

TEST(Terminal, ControlCharactersAreEscaped) {
    EXPECT_EQ(printable("a\x1b[31mred"), "a\\x1b[31mred");
    EXPECT_EQ(printable("one\ntwo\tthree\r"), "one\\ntwo\\tthree\\r");
    EXPECT_EQ(printable(std::string_view("nul\0", 4)), "nul\\x00");
    EXPECT_EQ(printable("\x7f"), "\\x7f");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "\\u009b31m");  // CSI as a single character
}

TEST(Terminal, CharactersThatChangeTheDirectionOfWritingAreEscaped) {
    EXPECT_EQ(printable("gpj.\u202eexe"), "gpj.\\u202eexe");
    EXPECT_EQ(printable("\u2066x"), "\\u2066x");
}

TEST(Terminal, BytesThatAreNotUtf8AreEscaped) {
    EXPECT_EQ(printable("a\xff"), "a\\xff");
    EXPECT_EQ(printable("\xe4\xb8"), "\\xe4\\xb8");  // a truncated character
}

TEST(Terminal, OtherTextStaysAsItIs) {
    for (const char* text : {"", "plain", "Größe", "日本語", "🛒", "{\"a\": \"b\\\\c\"}"})
        EXPECT_EQ(printable(text), text);
}

TEST(Terminal, WideCharactersTakeTwoColumnsAndCombiningOnesNone) {
    EXPECT_EQ(display_width("abc"), 3U);
    EXPECT_EQ(display_width("Größe"), 5U);
    EXPECT_EQ(display_width("日本語"), 6U);
    EXPECT_EQ(display_width("🛒"), 2U);
    EXPECT_EQ(display_width("e\u0301"), 1U);
    EXPECT_EQ(display_width("…"), 1U);
}

TEST(Terminal, WhatDoesNotFitIsCutWithAnEllipsis) {
    EXPECT_EQ(elided("abcdef", 6), "abcdef");
    EXPECT_EQ(elided("abcdef", 4), "abc…");
    EXPECT_EQ(elided("日本語", 4), "日…");  // half a wide character cannot be shown
    EXPECT_EQ(elided("abc", 1), "…");
    EXPECT_EQ(elided("abc", 0), "");
    for (std::size_t width = 0; width < 12; ++width)
        EXPECT_LE(display_width(elided("日本語 und mehr", width)), width);
}

}  // namespace
}  // namespace millrace::cli
