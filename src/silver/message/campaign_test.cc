#include "silver/message/campaign.h"

#include <gtest/gtest.h>

#include "silver/message/query_string.h"

namespace millrace::silver {
namespace {

model::Event event_of_page(std::string_view url, TextArena& arena) {
    model::Event event;
    event.page_url = url;
    set_campaign_of_page(event, arena);
    return event;
}

TEST(Campaign, IsReadFromThePagesQuery) {
    TextArena arena;
    const auto event = event_of_page(
        "https://shop/?a=1&utm_source=news%20letter&utm_medium=e+mail&utm_campaign=caf%C3%A9#utm_source=x",
        arena);
    EXPECT_EQ(event.details.utm_source, "news letter");
    EXPECT_EQ(event.details.utm_medium, "e mail");
    EXPECT_EQ(event.details.utm_campaign, "café");
}

TEST(Campaign, AnExplicitValueStays) {
    TextArena arena;
    model::Event event;
    event.page_url = "https://shop/?utm_source=page&utm_medium=page";
    event.with_details().utm_source = "explicit";
    set_campaign_of_page(event, arena);
    EXPECT_EQ(event.details.utm_source, "explicit");
    EXPECT_EQ(event.details.utm_medium, "page");
}

TEST(Campaign, ABadValueIsLeftOut) {
    TextArena arena;
    const auto event = event_of_page("https://shop/?utm_source=%FF&utm_medium=&utm_campaign=a%00b", arena);
    EXPECT_FALSE(event.details.utm_source);
    EXPECT_FALSE(event.details.utm_medium);
    EXPECT_FALSE(event.details.utm_campaign);
    EXPECT_FALSE(event_of_page("https://shop/utm_source=x", arena).has_details);
}

TEST(QueryString, GivesEachParameterInOrder) {
    QueryString query("a=1&&b&=c&d=e=f");
    using Pair = std::pair<std::string_view, std::string_view>;
    EXPECT_EQ(query.next(), Pair("a", "1"));
    EXPECT_EQ(query.next(), Pair("b", ""));
    EXPECT_EQ(query.next(), Pair("", "c"));
    EXPECT_EQ(query.next(), Pair("d", "e=f"));
    EXPECT_FALSE(query.next());
}

TEST(QueryString, APercentThatBeginsNoEscapeStays) {
    TextArena arena;
    EXPECT_EQ(decode_percent("100%", arena), "100%");
    EXPECT_EQ(decode_percent("%4", arena), "%4");
    EXPECT_EQ(decode_percent("%zz+%41", arena), "%zz A");
    EXPECT_EQ(decode_percent("%-1", arena), "%-1");
}

}  // namespace
}  // namespace millrace::silver
