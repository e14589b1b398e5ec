#include "gold/stage/gold_engine.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "gold/stage/test_silver.h"
#include "gold/test_times.h"

namespace millrace::gold {
namespace {

class GoldEngineTest : public testing::Test {
  protected:
    static void add_view(GoldEngine& engine, Timestamp time) {
        Events events = view_at(engine.strings(), time);
        engine.add(events);
    }
    /// A commit of Silver that leaves no records in the log.
    static storage::Commit commit_at(Timestamp time) {
        const base::WallTime now = model::to_wall_time(time);
        storage::Commit commit;
        commit.txns = {{"millrace/events/0/0", 1, now}, {"millrace/events/0/0/behind", 0, now}};
        commit.timestamp = now;
        return commit;
    }
    [[nodiscard]] std::int64_t closed_kpis() { return closed_[Table::kpis].size(); }

    const model::ShopSettings settings_;
    base::WorkerPool pool_{1};
    GoldEngine engine_{settings_, pool_};
    Output closed_;
};

TEST_F(GoldEngineTest, ACommitClosesWindowsThatTheLatenessHasPassed) {
    add_view(engine_, noon);
    engine_.finish_commit(commit_at(noon), closed_);
    EXPECT_EQ(engine_.watermark(), noon - settings_.gold.lateness);
    EXPECT_EQ(closed_kpis(), 0);
    const Timestamp later = noon + minute + settings_.gold.lateness;
    add_view(engine_, later);
    engine_.finish_commit(commit_at(later), closed_);
    EXPECT_EQ(engine_.watermark(), noon + minute);
    EXPECT_EQ(closed_kpis(), 1);
}

TEST_F(GoldEngineTest, ACommitWithoutEventsClosesNothingBeforeTheFirstEvent) {
    engine_.finish_commit(commit_at(noon), closed_);
    EXPECT_EQ(engine_.watermark(), no_watermark);
    EXPECT_EQ(closed_.size(), 0);
}

TEST_F(GoldEngineTest, WhileATableIsReadNoWindowClosesThatHasRowsLeft) {
    add_view(engine_, noon);
    add_view(engine_, noon + 5 * hour);
    engine_.finish_rows(noon + 30 * second, closed_);
    EXPECT_EQ(engine_.watermark(), noon + 30 * second);
    EXPECT_EQ(closed_kpis(), 0);
    add_view(engine_, noon + 40 * second);
    engine_.finish_rows(end_of_time, closed_);
    EXPECT_EQ(engine_.watermark(), noon + 5 * hour - settings_.gold.lateness);
    EXPECT_EQ(closed_kpis(), 2) << "the minute and its hour";
    EXPECT_EQ(engine_.operators().late(), 0);
}

TEST_F(GoldEngineTest, TheWatermarkNeverGoesBack) {
    add_view(engine_, noon + 5 * hour);
    engine_.finish_rows(end_of_time, closed_);
    const Timestamp before = engine_.watermark();
    engine_.finish_rows(noon, closed_);
    EXPECT_EQ(engine_.watermark(), before);
}

TEST_F(GoldEngineTest, ASavedStateContinuesAtItsWatermark) {
    add_view(engine_, noon);
    engine_.finish_commit(commit_at(noon), closed_);
    std::stringstream saved;
    engine_.save(saved);
    GoldEngine restored(settings_, pool_);
    restored.load(saved, engine_.watermark());
    EXPECT_EQ(restored.watermark(), engine_.watermark());
    const Timestamp later = noon + minute + settings_.gold.lateness;
    add_view(restored, later);
    restored.finish_commit(commit_at(later), closed_);
    EXPECT_EQ(closed_kpis(), 1);
}

TEST_F(GoldEngineTest, LinesOfOrdersAreShownAtOnceAndAddedWhenTheirMinuteCloses) {
    const auto bought = [&](Timestamp time, const std::string& id) {
        Events events = view_at(engine_.strings(), time);
        events.rows.front().kind = Kind::purchase;
        events.rows.front().order = engine_.strings()[Field::order].add("o");
        events.rows.front().id = engine_.strings()[Field::event].add(id);
        events.rows.front().line = 1;
        return events;
    };
    const auto revenue = [](Output& rows) {
        std::vector<std::string> gross;
        for (const auto& [day, batch] : rows[Table::kpis].take()) {
            for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
                if (batch->GetColumnByName("grain")->GetScalar(row).ValueOrDie()->ToString() == "minute")
                    gross.push_back(
                        batch->GetColumnByName("gross_revenue")->GetScalar(row).ValueOrDie()->ToString());
            }
        }
        std::ranges::sort(gross);
        return gross;
    };
    const std::vector<std::string> once = {"0.0000", "0.0100"};
    Events later = bought(noon + minute, "a");
    Events first = bought(noon, "b");
    engine_.add(later);
    engine_.add(first);
    Events uncommitted = bought(noon + minute, "c");
    engine_.add_uncommitted(uncommitted.rows);
    Output open;
    engine_.operators().peek(open, all_metrics());
    EXPECT_EQ(revenue(open), once);
    std::stringstream saved;
    engine_.save(saved);
    GoldEngine restored(settings_, pool_);
    restored.load(saved, engine_.watermark());
    const Timestamp end = noon + hour;
    add_view(restored, end);
    restored.finish_commit(commit_at(end), closed_);
    EXPECT_EQ(revenue(closed_), once);
    EXPECT_EQ(restored.order_counts().lines, 1U);
}

TEST_F(GoldEngineTest, AResetForgetsEventsAndWatermarkAlsoAfterAFailedLoad) {
    add_view(engine_, noon);
    engine_.finish_commit(commit_at(noon), closed_);
    std::stringstream saved;
    engine_.save(saved);
    std::stringstream cut_off(saved.str().substr(0, saved.str().size() / 2));
    EXPECT_THROW(engine_.load(cut_off, noon), Error);
    engine_.reset();
    EXPECT_EQ(engine_.watermark(), no_watermark);
    Output open;
    engine_.operators().peek(open, all_metrics());
    EXPECT_EQ(open.size(), 0);
}

}  // namespace
}  // namespace millrace::gold
