#include "silver/text_arena.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::silver {
namespace {

TEST(TextArena, ViewsStayValidWhenTheArenaGrows) {
    TextArena arena;
    std::vector<std::string_view> views;
    for (int i = 0; i < 10'000; ++i) views.push_back(arena.join({"text ", std::to_string(i)}));
    for (int i = 0; i < 10'000; ++i)
        EXPECT_EQ(views[static_cast<std::size_t>(i)], "text " + std::to_string(i));
}

TEST(TextArena, AWarmArenaDoesNotAllocate) {
    TextArena arena;
    const std::string text(1000, 'x');
    const auto fill = [&] {
        arena.clear();
        for (int i = 0; i < 100; ++i) arena.join({text});
        return arena.capacity();
    };
    for (int i = 0; i < 5; ++i) fill();
    const std::size_t warm = arena.capacity();
    const char* const first = arena.begin(1);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(fill(), warm);
    arena.clear();
    EXPECT_LE(arena.begin(1), first);
}

TEST(TextArena, AHugeTextIsGivenBack) {
    TextArena arena;
    EXPECT_EQ(arena.join({std::string(std::size_t{8} << 20U, 'x')}).size(), std::size_t{8} << 20U);
    arena.clear();
    EXPECT_LE(arena.capacity(), std::size_t{1} << 20U);
}

TEST(TextArena, AnUnfinishedTextTakesOnlyWhatItUses) {
    TextArena arena;
    char* const to = arena.begin(1000);
    EXPECT_EQ(arena.finish(TextArena::append(to, "abc")), "abc");
    EXPECT_EQ(arena.begin(1), to + 3);
    EXPECT_EQ(arena.join({}), "");
}

}  // namespace
}  // namespace millrace::silver
