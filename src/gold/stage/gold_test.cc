#include "gold/stage/gold.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <sstream>

#include "base/error.h"
#include "gold/test_times.h"

namespace millrace::gold {
namespace {

/// Returns the time that is so long after 1970 began.
constexpr Timestamp at(base::Duration since_1970) {
    return Timestamp(since_1970);
}
constexpr base::Duration us{1};

/// The operators alone, and their output.
class GoldTest : public testing::Test {
  protected:
    Event event(std::string_view user, std::string_view session, Timestamp time, Kind kind = Kind::view) {
        Strings& strings = gold_.strings();
        return {.time = time,
                .price = 100,
                .kind = kind,
                .user = strings[Field::user].add(user),
                .product = strings[Field::product].add("p"),
                .session = strings[Field::session].add(session),
                .currency = strings[Field::currency].add("EUR")};
    }
    void add(std::vector<Event> events) {
        Events batch;
        batch.rows = std::move(events);
        gold_.add(batch);
    }
    /// The number of rows of one table that a watermark closes.
    std::int64_t closed_by(Timestamp watermark, Table table) {
        gold_.close(watermark, output_);
        std::int64_t rows = 0;
        for (const auto& [day, batch] : output_[table].take()) rows += batch->num_rows();
        return rows;
    }
    static RunTasks one_by_one() {
        return [](auto tasks) {
            for (const auto& task : tasks) task();
        };
    }

    static std::string saved(const Gold& gold) {
        std::ostringstream stream;
        gold.save(stream);
        return std::move(stream).str();
    }
    static void load(Gold& gold, const std::string& bytes) {
        std::istringstream stream(bytes);
        gold.load(stream);
    }
    /// All rows as text, sorted, but for what only a session that is over has: its outcome.
    static std::vector<std::string> rows_of(Output& output) {
        static const std::set<std::string> outcome = {"bounced", "abandoned_cart", "abandoned_value"};
        std::vector<std::string> rows;
        for (const Table table : metric_tables) {
            for (const auto& [day, batch] : output[table].take()) {
                for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
                    std::string row = std::string(table_name(table)) + " " + std::to_string(day);
                    for (int c = 0; c < batch->num_columns(); ++c) {
                        if (outcome.contains(batch->column_name(c))) continue;
                        row += " " + batch->column(c)->GetScalar(i).ValueOrDie()->ToString();
                    }
                    rows.push_back(std::move(row));
                }
            }
        }
        std::ranges::sort(rows);
        return rows;
    }
    std::vector<Event> random_events(std::mt19937_64& random, int count) {
        std::vector<Event> events;
        for (int i = 0; i < count; ++i) {
            events.push_back(event("u" + std::to_string(random() % 20), random() % 3 == 0 ? "" : "s",
                                   Timestamp(static_cast<std::int64_t>(random() % (6 * 3600)) * second),
                                   static_cast<Kind>(random() % 5)));
        }
        return events;
    }

    const model::GoldOptions options_{.session_gap = std::chrono::hours(4)};  // longer than the other gap
    Gold gold_{model::TimeZone("UTC"), options_, one_by_one()};
    Output output_;
};

TEST_F(GoldTest, AnEventIsInFiveSlidingWindows) {
    add({event("u", "s", at(5 * minute))});
    EXPECT_EQ(closed_by(at(6 * minute), Table::product_metrics),
              2);  // its minute, and the first window of five minutes
    EXPECT_EQ(closed_by(at(10 * minute), Table::product_metrics), 4);
    EXPECT_EQ(closed_by(at(hour), Table::product_metrics), 0);
}

TEST_F(GoldTest, AnEventThatIsLateForItsMinuteStillCountsInTheWindowsThatAreOpen) {
    add({event("u", "s", at(5 * minute))});
    closed_by(at(6 * minute), Table::product_metrics);
    add({event("u2", "s2", at(5 * minute + second))});
    EXPECT_GT(gold_.late(), 0);
    EXPECT_EQ(closed_by(at(10 * minute), Table::product_metrics), 4);
    EXPECT_EQ(closed_by(at(hour), Table::category_metrics), 1);
}

TEST_F(GoldTest, TheSameRowsComeOutOfASavedStateAndOfEventsInAnyOrder) {
    std::mt19937_64 random(3);
    std::vector<Event> events = random_events(random, 2000);
    Gold other{model::TimeZone("UTC"), options_, one_by_one()};
    load(other, saved(gold_));  // so that both use the same ids for strings
    add(events);
    std::ranges::shuffle(events, random);
    Events half;
    half.rows = {events.begin(), events.begin() + 1000};
    other.add(half);
    Gold restored{model::TimeZone("UTC"), options_, one_by_one()};
    load(restored, saved(other));
    half.rows = {events.begin() + 1000, events.end()};
    restored.add(half);
    Output theirs;
    gold_.close(end_of_time, output_);
    restored.close(end_of_time, theirs);
    for (const Table table : metric_tables)
        EXPECT_EQ(output_[table].size(), theirs[table].size()) << table_name(table);
}

TEST_F(GoldTest, ALookAtWhatIsOpenChangesNothing) {
    add({event("u", "", at({})), event("v", "t", at(minute))});
    closed_by(at(40 * minute), Table::sessions);  // the first session is in the funnel's hour now
    for (int look = 0; look < 2; ++look) {
        Output open;
        gold_.peek(open, {Table::funnel, Table::sessions});
        const auto days = open[Table::funnel].take();
        const auto sessions = days.at(0)->GetColumnByName("sessions");
        EXPECT_EQ(sessions->GetScalar(0).ValueOrDie()->ToString(), "2");
        EXPECT_EQ(open[Table::sessions].size(), 1);
        Output funnel;
        gold_.peek(funnel, {Table::funnel});
        EXPECT_TRUE(days.at(0)->Equals(*funnel[Table::funnel].take().at(0)));
        EXPECT_EQ(funnel[Table::sessions].size(), 0) << "nobody asked for sessions";
    }
    closed_by(at(std::chrono::days(1)), Table::sessions);
    Output none;
    gold_.peek(none, {Table::sessions});
    EXPECT_EQ(none[Table::sessions].size(), 0);
}

TEST_F(GoldTest, WhatIsShownOpenIsWhatClosingItNowWouldGive) {
    std::mt19937_64 random(4);
    for (int part = 0; part < 6; ++part) {
        add(random_events(random, 300));
        gold_.close(at(part * hour + 7 * minute), output_);
        Gold copy{model::TimeZone("UTC"), options_, one_by_one()};
        load(copy, saved(gold_));
        Output open;
        Output closed;
        gold_.peek(open, all_metrics());
        copy.close(end_of_time, closed);
        const auto rows = rows_of(closed);
        EXPECT_GT(rows.size(), 100U);
        EXPECT_EQ(rows_of(open), rows) << "at " << part << ":07";
    }
}

TEST_F(GoldTest, UncommittedRowsAreShownAndLeaveNoTrace) {
    std::mt19937_64 random(5);
    for (int part = 0; part < 6; ++part) {
        const auto committed = random_events(random, 200);
        Gold never{model::TimeZone("UTC"), options_, one_by_one()};
        load(never, saved(gold_));  // `committed` has string ids of gold_, which both must know
        add(committed);
        std::vector<Event> uncommitted;
        for (int step = 0; step < 3; ++step) {
            const auto more = random_events(random, 50);
            gold_.add_uncommitted(more);
            uncommitted.insert(uncommitted.end(), more.begin(), more.end());
        }
        Output shown;
        gold_.peek(shown, all_metrics());
        const std::int64_t late = gold_.late();

        gold_.withdraw_uncommitted();
        Gold all{model::TimeZone("UTC"), options_, one_by_one()};
        load(all, saved(gold_));
        Events events;
        events.rows = uncommitted;
        all.add(events);
        Output expected;
        all.peek(expected, all_metrics());
        EXPECT_EQ(rows_of(shown), rows_of(expected)) << "part " << part;
        EXPECT_EQ(late, all.late());

        events.rows = committed;
        never.add(events);
        EXPECT_EQ(gold_.late(), never.late());
        Output closed;
        Output undisturbed;
        gold_.close(at(part * hour + 7 * minute), closed);
        never.close(at(part * hour + 7 * minute), undisturbed);
        EXPECT_EQ(rows_of(closed), rows_of(undisturbed)) << "part " << part;
    }
}

TEST_F(GoldTest, AStateThatIsCutOffIsAnError) {
    add({event("u", "s", at({}))});
    const std::string state = saved(gold_);
    Gold other{model::TimeZone("UTC"), options_, one_by_one()};
    EXPECT_THROW(load(other, state.substr(0, state.size() / 2)), Error);
}

TEST(Watermark, IsTheLeastOfThePartitionsThatAreNotIdle) {
    Watermark clock;
    EXPECT_EQ(clock.at(base::from_ms(0)), no_watermark);
    clock.advance({{0, model::from_us(100)}, {1, model::from_us(50)}});
    clock.observe(0, {.committed_at = base::from_ms(1000), .caught_up = true});
    clock.observe(1, {.committed_at = base::from_ms(1000), .caught_up = true});
    EXPECT_EQ(clock.at(base::from_ms(1000)), model::from_us(50));
    clock.advance({{0, model::from_us(200)}});
    clock.observe(0, {.committed_at = base::from_ms(61'000), .caught_up = true});
    EXPECT_EQ(clock.at(base::from_ms(60'000)), model::from_us(50));
    EXPECT_EQ(clock.at(base::from_ms(61'000)),
              model::from_us(200));  // partition 1 is idle: it had no events for a minute
    clock.advance({{1, model::from_us(60)}});
    clock.observe(1, {.committed_at = base::from_ms(62'000), .caught_up = false});
    EXPECT_EQ(clock.at(base::from_ms(62'000)), model::from_us(200));  // the clock never goes back
    clock.advance({{0, model::from_us(900)}});
    EXPECT_EQ(clock.at(base::from_ms(900'000)),
              model::from_us(200));  // a partition that is behind its log is not idle
}

TEST(Watermark, ACommitWithoutEventsKeepsNoPartitionFromBeingIdle) {
    Watermark clock;
    clock.advance({{0, model::from_us(100)}, {1, model::from_us(50)}});
    clock.observe(0, {.committed_at = base::from_ms(1000), .caught_up = true});
    clock.observe(1, {.committed_at = base::from_ms(1000), .caught_up = true});
    clock.advance({{0, model::from_us(200)}});
    clock.observe(0, {.committed_at = base::from_ms(61'000), .caught_up = true});
    clock.observe(
        1, {.committed_at = base::from_ms(61'000), .caught_up = true});  // this commit has duplicates only
    EXPECT_EQ(clock.at(base::from_ms(61'000)), model::from_us(200));
}

TEST(Watermark, APartitionWhoseRecordsWaitHoldsItBeforeItsFirstEvent) {
    Watermark clock;
    clock.advance({{0, model::from_us(100)}});
    clock.observe(0, {.committed_at = base::from_ms(1000), .caught_up = false});
    clock.observe(1, {.committed_at = base::from_ms(1000), .caught_up = false});
    EXPECT_EQ(clock.at(base::from_ms(1000)), no_watermark);
    clock.advance({{1, model::from_us(30)}});
    EXPECT_EQ(clock.at(base::from_ms(1000)), model::from_us(30));
}

TEST(DurationHistogram, BinsAreSecondsAndThenAThirtySecondOfADoubling) {
    EXPECT_EQ(DurationHistogram::bin(63 * second + 999'999 * us), 63);
    EXPECT_EQ(DurationHistogram::bin(65 * second), 64);
    EXPECT_EQ(DurationHistogram::bin(66 * second), 66);
    EXPECT_EQ(DurationHistogram::bin(1000 * second), 992);
    DurationHistogram histogram;
    EXPECT_EQ(histogram.median(), std::nullopt);
    for (const int seconds : {1, 2, 3, 400}) histogram.add(seconds * second);
    EXPECT_EQ(histogram.median(), 2);
}

TEST(StringPool, SweptIdsAreGivenToOtherStrings) {
    StringPool pool;
    const StringId a = pool.add("a");
    const StringId b = pool.add("b");
    EXPECT_EQ(pool.add("a"), a);
    EXPECT_EQ(pool.add(""), 0U);
    std::vector<bool> marked(pool.places());
    marked[b] = true;
    pool.sweep(marked);
    EXPECT_EQ(pool.add("c"), a);
    EXPECT_EQ(pool.value(a), "c");
    EXPECT_EQ(pool.add("b"), b);
}

TEST(Money, PricesAreRoundedHalfToEven) {
    EXPECT_EQ(model::to_money(0.03125), 312);
    EXPECT_EQ(model::to_money(0.09375), 938);
    EXPECT_EQ(model::to_money(1e9), 10'000'000'000'000);
    EXPECT_EQ(model::to_money(35.79), 357'900);
}

}  // namespace
}  // namespace millrace::gold
