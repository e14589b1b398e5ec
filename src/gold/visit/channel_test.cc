#include "gold/visit/channel.h"

#include <gtest/gtest.h>

namespace millrace::gold {
namespace {

std::string_view by_referrer(std::string_view url) {
    const std::string host = host_of(url);
    return channel_of({.referrer_host = host});
}

TEST(Channel, AHostIsTakenFromItsUrl) {
    EXPECT_EQ(host_of("https://www.Shop.example:8443/a?b=://c"), "shop.example");
    EXPECT_EQ(host_of("http://user:word@shop.example"), "shop.example");
    EXPECT_EQ(host_of("android-app://com.google.android.gm/"), "com.google.android.gm");
    EXPECT_EQ(host_of("/cart"), "");
    EXPECT_EQ(host_of("https://"), "");
}

TEST(Channel, TheReferrerTellsSearchSocialMailAndOthers) {
    EXPECT_EQ(by_referrer("https://www.google.co.uk/"), "search");
    EXPECT_EQ(by_referrer("https://uk.search.yahoo.com/"), "search");
    EXPECT_EQ(by_referrer("https://duckduckgo.com/"), "search");
    EXPECT_EQ(by_referrer("https://docs.google.com/document"), "referral");
    EXPECT_EQ(by_referrer("https://mail.google.com/mail"), "mail");
    EXPECT_EQ(by_referrer("https://l.facebook.com/l.php"), "social");
    EXPECT_EQ(by_referrer("https://t.co/abc"), "social");
    EXPECT_EQ(by_referrer("https://blog.example/post"), "referral");
    EXPECT_EQ(by_referrer("https://notgoogle.com/"), "referral");
    EXPECT_EQ(by_referrer(""), "direct");
}

TEST(Channel, TheCampaignCountsBeforeTheReferrer) {
    EXPECT_EQ(channel_of({.medium = "CPC", .source = "google"}), "paid");
    EXPECT_EQ(channel_of({.medium = "paid_social", .source = "facebook"}), "paid");
    EXPECT_EQ(channel_of({.medium = "email", .source = "facebook"}), "mail");
    EXPECT_EQ(channel_of({.source = "newsletter", .referrer_host = "google.com"}), "mail");
    EXPECT_EQ(channel_of({.medium = "social", .source = "spring"}), "social");
    EXPECT_EQ(channel_of({.source = "instagram"}), "social");
    EXPECT_EQ(channel_of({.medium = "organic", .source = "anything"}), "search");
    EXPECT_EQ(channel_of({.source = "partner", .referrer_host = "google.com"}), "referral");
    EXPECT_EQ(channel_of({.medium = "qr"}), "referral");
}

TEST(Channel, EachChannelIsKnownByItsName) {
    for (const auto name : {"direct", "mail", "paid", "referral", "search", "social", ""})
        EXPECT_EQ(name_of(channel_named(name)), name);
    EXPECT_EQ(channel_named("telepathy"), Channel::unknown);
}

TEST(Channel, AnAdvertisementsClickIdIsPaid) {
    EXPECT_EQ(channel_of({.referrer_host = "google.com", .page_url = "https://s.example/?a=1&gclid=x"}),
              "paid");
    EXPECT_EQ(channel_of({.referrer_host = "google.com", .page_url = "https://s.example/?gclidx=x"}),
              "search");
    EXPECT_EQ(channel_of({.page_url = "https://s.example/gclid=1"}), "direct");
}

}  // namespace
}  // namespace millrace::gold
