#include "serve/feed.h"

#include <gtest/gtest.h>

namespace millrace::serve {
namespace {

TEST(Feed, NotifiesItsWatchersOfEachStateUntilTheyLeave) {
    Feed feed;
    EXPECT_EQ(feed.newest().number, 0);
    int notified = 0;
    auto ticket = feed.watch([&] { ++notified; });
    EXPECT_EQ(feed.watchers(), 1U);
    feed.publish("{}");
    feed.publish("{\"a\":1}");
    EXPECT_EQ(notified, 2);
    ticket.reset();
    EXPECT_EQ(feed.watchers(), 0U);
    feed.publish("{}");
    EXPECT_EQ(notified, 2);
}

TEST(Feed, NumbersIncrease) {
    Feed feed;
    feed.publish("1");
    const auto first = feed.newest();
    feed.publish("2");
    EXPECT_GT(feed.newest().number, first.number);
    EXPECT_EQ(*first.text, "id: " + std::to_string(first.number) + "\ndata: 1\n\n");
}

TEST(Feed, ATicketMayOutliveIt) {
    Feed::Ticket ticket;
    {
        Feed feed;
        ticket = feed.watch([] {});
    }
    ticket.reset();
}

}  // namespace
}  // namespace millrace::serve
