#include "gold/visitors/visitors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cereal/archives/binary.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/vector.hpp>
#include <random>
#include <sstream>

namespace millrace::gold {

namespace {

constexpr base::Duration minute = std::chrono::minutes(1);
constexpr base::Duration hour = std::chrono::hours(1);
constexpr base::Duration day = std::chrono::days(1);
constexpr base::Duration reach = 30 * day;
/// Noon of a day in UTC.
constexpr Timestamp noon{std::chrono::days(20'000) + 12 * hour};

class VisitorsTest : public testing::Test {
  protected:
    struct Seen {
        Timestamp time;
        StringId user = 0;
        bool of_order = false;
        [[nodiscard]] bool has_order() const { return of_order; }
    };

    StringId id(std::string_view text) { return strings_[Field::user].add(text); }
    Link link(Timestamp time, std::string_view anonymous, std::string_view user) {
        return {.time = time, .id = id(anonymous), .user = id(user), .session = 7};
    }
    Link removal(Timestamp time, std::string_view anonymous, std::string_view user) {
        Link link = this->link(time, anonymous, user);
        link.removes = true;
        return link;
    }
    void learn(const std::vector<Link>& links) { visitors_.learn(links); }
    void update(const std::vector<Link>& links) { visitors_.update(links); }
    void saw(std::string_view user, Timestamp time) { visitors_.saw(std::vector<Seen>{{time, id(user)}}); }
    std::string visitor(std::string_view user, Timestamp time) {
        return std::string(strings_.value(Field::user, visitors_.visitor(id(user), time)));
    }
    bool is_new(std::string_view user, Timestamp start, Timestamp end) {
        return visitors_.is_new(id(user), start, end);
    }
    /// The days that have changed since the last call, from the day of noon on.
    std::set<std::int64_t> changed() { return days_of(visitors_.take_changed()); }
    static std::set<std::int64_t> days_of(const std::set<Timestamp>& times) {
        std::set<std::int64_t> days;
        for (const Timestamp time : times)
            days.insert(std::chrono::floor<std::chrono::days>(time - (noon - 12 * hour)).count());
        return days;
    }

    Strings strings_;
    Visitors visitors_{strings_, reach};
};

TEST_F(VisitorsTest, ALoginReachesBackAndForth) {
    learn({link(noon, "a", "ann")});
    EXPECT_EQ(visitor("a", noon - reach), "ann");
    EXPECT_EQ(visitor("a", noon - reach - minute), "a");
    EXPECT_EQ(visitor("a", noon + reach), "ann");
    EXPECT_EQ(visitor("a", noon + reach + minute), "a");
    EXPECT_EQ(visitor("b", noon), "b");
    EXPECT_EQ(visitor("ann", noon), "ann");
}

TEST_F(VisitorsTest, ASecondUserOfADeviceEndsTheLinkAndUndoesNothing) {
    learn(
        {link(noon, "a", "ann"), link(noon + 10 * minute, "a", "bob"), link(noon + 20 * minute, "a", "ann")});
    EXPECT_EQ(visitor("a", noon - hour), "ann");
    EXPECT_EQ(visitor("a", noon + 5 * minute), "ann");
    EXPECT_EQ(visitor("a", noon + 15 * minute), "bob");
    EXPECT_EQ(visitor("a", noon + 25 * minute), "ann");
}

TEST_F(VisitorsTest, AnAliasOfAUserIsFollowedOnce) {
    learn({link(noon, "a", "old"), link(noon, "old", "new"), link(noon, "new", "newest")});
    EXPECT_EQ(visitor("old", noon), "newest");
    EXPECT_EQ(visitor("a", noon), "new");
    learn({link(noon, "x", "y"), link(noon, "y", "x")});
    EXPECT_EQ(visitor("x", noon), "x") << "a circle ends";
}

TEST_F(VisitorsTest, ALinkCanBeRemovedAndMadeAgain) {
    learn({link(noon, "a", "ann"), link(noon + day, "a", "ann"), removal(noon + 2 * day, "a", "ann")});
    EXPECT_EQ(visitor("a", noon), "a");
    learn({link(noon + 3 * day, "a", "ann")});
    EXPECT_EQ(visitor("a", noon), "ann");
    learn({removal(noon + hour, "a", "ann")});
    EXPECT_EQ(visitor("a", noon), "ann") << "the newest removal counts";
}

TEST_F(VisitorsTest, AVisitorIsNewUntilItOrADeviceOfItWasSeen) {
    saw("a", noon);
    saw("ann", noon + hour);
    learn({link(noon + hour, "a", "ann")});
    EXPECT_TRUE(is_new("ann", noon, noon + 2 * hour));
    EXPECT_FALSE(is_new("ann", noon + hour, noon + 2 * hour));
    EXPECT_FALSE(is_new("ann", noon + hour + reach, noon + hour + reach));
    EXPECT_TRUE(is_new("ann", noon + hour + reach + minute, noon + hour + reach + minute));
    EXPECT_TRUE(is_new("bob", noon, noon));
    learn({link(noon + 2 * hour, "a", "bob")});
    EXPECT_FALSE(is_new("bob", noon + minute, noon + hour)) << "its device was seen before";
    EXPECT_TRUE(is_new("bob", noon - 2 * reach, noon - 2 * reach));
}

TEST_F(VisitorsTest, ALoginChangesTheDaysOnWhichItsIdWasSeen) {
    saw("a", noon);
    saw("a", noon + 3 * day);
    saw("b", noon + 2 * day);
    update({link(noon + 4 * day, "a", "ann")});
    EXPECT_EQ(changed(), (std::set<std::int64_t>{0, 3}));
    const auto moves = visitors_.take_moves();
    ASSERT_EQ(moves.size(), 1U);
    EXPECT_EQ(moves[0].from, id("a"));
    EXPECT_EQ(moves[0].to, id("ann"));
    update({link(noon + 4 * day + minute, "a", "ann")});
    EXPECT_EQ(changed(), std::set<std::int64_t>()) << "nothing new";
    saw("a", noon + 5 * day);
    update({link(noon + 5 * day, "a", "bob")});
    EXPECT_EQ(changed(), (std::set<std::int64_t>{0, 3, 5})) << "any day within reach, since few change users";
}

TEST_F(VisitorsTest, ALateEventMayMakeAVisitorOfALaterDayAReturningOne) {
    saw("u", noon + 10 * day);
    visitors_.note_late(id("u"), noon);
    saw("u", noon);
    EXPECT_EQ(changed(), std::set<std::int64_t>());
    EXPECT_EQ(days_of(visitors_.take_changed_sessions()), std::set<std::int64_t>{10});
    visitors_.note_late(id("u"), noon + 5 * day);
    saw("u", noon + 5 * day);
    EXPECT_EQ(days_of(visitors_.take_changed_sessions()), std::set<std::int64_t>())
        << "it was seen before already";
}

TEST_F(VisitorsTest, OldLinksAndIdsAreForgotten) {
    saw("a", noon);
    learn({link(noon, "a", "ann"), removal(noon, "a", "bob")});
    visitors_.forget(noon + reach);
    EXPECT_EQ(visitors_.links(), 1U);
    EXPECT_EQ(visitors_.ids(), 1U);
    visitors_.forget(noon + 2 * reach + 4 * day);
    EXPECT_EQ(visitors_.links(), 0U);
    EXPECT_EQ(visitors_.ids(), 0U);
    EXPECT_EQ(visitor("a", noon), "a");
}

TEST_F(VisitorsTest, TheOrderOfArrivalAndARestartDoNotMatter) {
    std::mt19937 random(20);
    const auto below = [&](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
    const std::vector<std::string> names = {"a", "b", "c", "ann", "bob", "eve"};
    std::vector<Link> links;
    std::vector<Seen> events;
    for (int i = 0; i < 300; ++i) {
        Link each = link(noon + below(100 * 24 * 60) * minute, names[static_cast<std::size_t>(below(4))],
                         names[static_cast<std::size_t>(3 + below(3))]);
        each.removes = below(10) == 0;
        if (each.id != each.user) links.push_back(each);
        events.push_back(
            {noon + below(100 * 24 * 60) * minute, id(names[static_cast<std::size_t>(below(6))])});
    }
    learn(links);
    visitors_.saw(events);
    std::ranges::shuffle(links, random);
    std::ranges::shuffle(events, random);
    Visitors half(strings_, reach);
    const auto middle = static_cast<std::ptrdiff_t>(links.size() / 2);
    half.learn(std::span(links).first(static_cast<std::size_t>(middle)));
    half.saw(std::vector<Seen>(events.begin(), events.begin() + middle));
    std::stringstream state;
    save_state(state, [&](auto& archive) { half.serialize(archive); });
    Visitors other(strings_, reach);
    load_state(state, [&](auto& archive) { other.serialize(archive); });
    other.learn(std::span(links).subspan(static_cast<std::size_t>(middle)));
    other.saw(std::vector<Seen>(events.begin() + middle, events.end()));
    for (int at = -40 * 24; at < 140 * 24; at += 7) {
        for (const std::string& name : names) {
            const Timestamp time = noon + at * hour;
            EXPECT_EQ(visitors_.visitor(id(name), time), other.visitor(id(name), time)) << name << ' ' << at;
            EXPECT_EQ(visitors_.is_new(id(name), time, time + hour),
                      other.is_new(id(name), time, time + hour));
        }
    }
}

}  // namespace

}  // namespace millrace::gold
