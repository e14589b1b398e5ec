#include "gold/stage/gold_engine.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/error.h"
#include "gold/stage/test_silver.h"
#include "gold/test_times.h"

namespace millrace::gold {
namespace {

class GoldEngineTest : public testing::Test {
  protected:
    static void add_view(GoldEngine& engine, Timestamp time) { engine.add(view_at(engine.strings(), time)); }
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
