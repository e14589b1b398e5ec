#include "gold/stage/uncommitted_tail.h"

#include <gtest/gtest.h>

#include <sstream>

#include "gold/stage/test_silver.h"
#include "gold/test_times.h"

namespace millrace::gold {
namespace {

class UncommittedTailTest : public testing::Test {
  protected:
    UncommittedTailTest() { tail_.open(); }

    /// Silver reads views at these offsets of partition 0, one minute after the other.
    void read(std::initializer_list<std::int64_t> offsets) {
        silver::RowBlock block({progress_id_, 0, 1});
        for (const std::int64_t offset : offsets) {
            model::Event event;
            event.event_id = event.user_id = "u";
            event.event_type = "view";
            event.timestamp = noon + offset * minute;
            event.product_id = "p";
            event.price = 10;
            event.currency = "EUR";
            bronze::Record record;
            record.offset = bronze::Offset(offset);
            block.add(event, {.record = record});
        }
        rows_.add(std::move(block));
    }
    /// Gold takes in a commit with the views up to an offset.
    void commit(std::int64_t first, std::int64_t next) {
        for (std::int64_t offset = first; offset < next; ++offset) {
            Events events = view_at(engine_.strings(), noon + offset * minute);
            engine_.add(events);
        }
        storage::Commit commit;
        commit.txns = {{progress_id_, next, {}}};
        Output closed;
        engine_.finish_commit(commit, closed);
        tail_.remove(commit);
    }
    /// The number of open minutes that readers see.
    std::int64_t minutes_shown() {
        Output open;
        engine_.operators().peek(open, {Table::product_metrics});
        std::int64_t minutes = 0;
        for (const auto& [day, batch] : open[Table::product_metrics].take()) {
            for (std::int64_t row = 0; row < batch->num_rows(); ++row) {
                const auto size = batch->GetColumnByName("window")->GetScalar(row).ValueOrDie();
                minutes += size->ToString() == "1m" ? 1 : 0;
            }
        }
        return minutes;
    }

    const std::string progress_id_ = "millrace/events/0/0";
    const model::ShopSettings settings_;
    base::WorkerPool pool_{1};
    silver::UncommittedRows rows_;
    GoldEngine engine_{settings_, pool_};
    UncommittedTail tail_{&rows_, engine_};
};

TEST_F(UncommittedTailTest, ReadersSeeNewRowsAtTheNextUpdate) {
    EXPECT_FALSE(tail_.update());
    read({0});
    EXPECT_TRUE(tail_.update());
    EXPECT_EQ(minutes_shown(), 1);
    EXPECT_FALSE(tail_.update()) << "nothing is new";
    read({1, 2});
    EXPECT_TRUE(tail_.update());
    EXPECT_EQ(minutes_shown(), 3);
}

TEST_F(UncommittedTailTest, ACommitTakesItsOwnRowsOutAndLeavesThoseThatFollow) {
    read({0, 1});
    read({2});
    tail_.update();
    commit(0, 2);
    EXPECT_EQ(rows_.blocks().size(), 1U);
    EXPECT_EQ(minutes_shown(), 2) << "only what is committed";
    EXPECT_TRUE(tail_.update());
    EXPECT_EQ(minutes_shown(), 3);
}

TEST_F(UncommittedTailTest, RowsOfABatchThatIsGivenUpAreTakenOutAgain) {
    commit(0, 1);
    read({1, 2});
    tail_.update();
    EXPECT_EQ(minutes_shown(), 3);
    rows_.clear();
    EXPECT_TRUE(tail_.update());
    EXPECT_EQ(minutes_shown(), 1);
    read({1});
    tail_.update();
    EXPECT_EQ(minutes_shown(), 2);
}

TEST_F(UncommittedTailTest, TheSavedStateHasNoUncommittedRows) {
    commit(0, 1);
    std::ostringstream before;
    engine_.save(before);
    read({1, 2});
    tail_.update();
    std::ostringstream after;
    engine_.save(after);
    GoldEngine other(settings_, pool_);
    std::istringstream stream(after.str());
    other.load(stream, engine_.watermark());
    EXPECT_TRUE(tail_.update()) << "readers see them again";
    EXPECT_EQ(minutes_shown(), 3);
    Output open;
    other.operators().peek(open, {Table::kpis});
    std::int64_t days = 0;
    for (const auto& [day, batch] : open[Table::kpis].take()) days += batch->num_rows();
    EXPECT_EQ(days, 3) << "one minute, its hour and its day";
}

}  // namespace
}  // namespace millrace::gold
