#include "gold/visit/entry.h"

#include <gtest/gtest.h>

namespace millrace::gold {
namespace {

TEST(Entry, APageWithACampaignSaysWhereTheVisitCameFrom) {
    const std::string text = entry_text({.page_url = "https://shop.example/p/1?utm_source=spring#top",
                                         .referrer = "https://www.google.com/search?q=mill",
                                         .utm_source = "spring",
                                         .utm_medium = "email",
                                         .utm_campaign = "sale"});
    const Entry entry = Entry::of(text);
    EXPECT_EQ(entry.channel, "mail");
    EXPECT_EQ(entry.source, "spring");
    EXPECT_EQ(entry.utm_campaign, "sale");
    EXPECT_EQ(entry.referrer, "https://www.google.com/search");
    EXPECT_EQ(entry.landing_page, "/p/1");
}

TEST(Entry, TheShopsOwnPagesAreNoReferrer) {
    const std::string text = entry_text(
        {.page_url = "https://checkout.shop.example/pay", .referrer = "https://www.shop.example/cart"});
    EXPECT_EQ(Entry::of(text).channel, "direct");
    EXPECT_EQ(Entry::of(text).referrer, "");
    EXPECT_EQ(Entry::of(entry_text({.page_url = "/a", .referrer = "https://blog.example/"})).source,
              "blog.example");
}

TEST(Entry, APageWithoutAPathIsTheRoot) {
    EXPECT_EQ(Entry::of(entry_text({.page_url = "https://shop.example?x=/y"})).landing_page, "/");
}

TEST(Entry, ATextCannotPretendToBeTwo) {
    const std::string text = entry_text({.page_url = "/",
                                         .utm_source = "a\x1f"
                                                       "b"});
    EXPECT_EQ(Entry::of(text).utm_source, "a b");
    EXPECT_EQ(Entry::of(text).landing_page, "/");
    EXPECT_EQ(Entry::of("").landing_page, "");
}

}  // namespace
}  // namespace millrace::gold
