#include "gold/stage/gold_stage.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "catalog/table_locks.h"
#include "gold/stage/alert_rows.h"
#include "gold/stage/gold_status.h"
#include "gold/stage/test_silver.h"
#include "gold/test_times.h"
#include "silver/silver_table.h"
#include "storage/file_stats.h"
#include "storage/optimize.h"
#include "storage/vacuum.h"

namespace millrace::gold {
namespace {

namespace fs = std::filesystem;

/// A silver table, and a Gold that runs now and then until it has taken in all commits.
class ShopWithGold {
  public:
    explicit ShopWithGold(const std::string& name)
        : data_(fs::path(testing::TempDir()) /
                ("millrace_gold_stage_test_" + name + "_" + std::to_string(::getpid()))) {}
    ShopWithGold(const ShopWithGold&) = delete;
    ShopWithGold& operator=(const ShopWithGold&) = delete;
    ~ShopWithGold() { fs::remove_all(data_.root()); }

    /// Runs Gold, and returns how many events it took in. At the end it publishes the open windows, too.
    std::int64_t run(GoldStageOptions options = {}) {
        const base::StopSignal stop;
        return run(options, stop);
    }
    /// Runs Gold after a stop was requested.
    std::int64_t run_stopped() {
        base::StopSignal stop;
        stop.request();
        return run({}, stop);
    }
    [[nodiscard]] storage::DeltaTable table(Table table) const {
        return storage::DeltaTable::open(data_.gold() / table_name(table));
    }
    /// All rows of one table as text, sorted.
    [[nodiscard]] std::vector<std::string> rows_of(Table table) const {
        std::vector<std::string> lines;
        const storage::DeltaTable opened = this->table(table);
        for (const auto& [path, add] : opened.snapshot().files) {
            const std::string day(storage::partition_value(add, "day"));
            const auto append = [&](const arrow::RecordBatch& rows) {
                for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
                    std::string& line = lines.emplace_back(day);
                    for (const auto& column : rows.columns())
                        line += " " + column->GetScalar(row).ValueOrDie()->ToString();
                }
            };
            storage::scan_parquet(opened.root() / path, *table_layout(table).schema, {}, append);
        }
        std::ranges::sort(lines);
        return lines;
    }
    /// The rows of all tables that depend only on Silver's rows.
    [[nodiscard]] std::vector<std::string> published() const {
        std::vector<std::string> all;
        for (const Table table : metric_tables) {
            for (const std::string& row : rows_of(table)) all.push_back(std::string(table_name(table)) + row);
        }
        return all;
    }
    [[nodiscard]] const catalog::DataDirectory& data() const { return data_; }
    TestSilver& silver() { return silver_; }

  private:
    std::int64_t run(GoldStageOptions options, const base::StopSignal& stop) {
        options.available_now = options.close = true;
        std::int64_t events = 0;
        OpenWindowsChannel windows;
        GoldStage stage(data_, {}, options, pool_, {.windows = windows});
        stage.run(stop, [&](const GoldReport& report) { events += report.events; });
        return events;
    }

    const catalog::DataDirectory data_;
    base::WorkerPool pool_{2};
    TestSilver silver_{data_};
};

/// Two shops with the same events. Both Golds take in the first commit. Then one of them follows Silver,
/// while the other one stands still and meets a gap.
class GoldStageTest : public testing::Test {
  protected:
    GoldStageTest() {
        commit({{"a", noon}, {"b", noon + minute}});
        followed_.run();
        shop_.run();
        commit({{"a", noon + 10 * minute}});
        followed_.run();
        commit({{"b", noon + 5 * hour}, {"a", noon + 5 * hour + minute}});
        followed_.run();
    }

    void commit(const std::vector<TestView>& views) {
        followed_.silver().commit(views);
        shop_.silver().commit(views);
    }
    /// Lets the other Gold go on. It has read `events`, and published what the one without a gap has.
    void expect_the_same_after_reading(std::int64_t events, GoldStageOptions options = {}) {
        EXPECT_EQ(shop_.run(std::move(options)), events);
        EXPECT_EQ(shop_.rows_of(Table::sessions).size(), 4U)
            << "each user came at noon, and again after hours";
        EXPECT_EQ(shop_.published(), followed_.published());
    }

    static constexpr std::int64_t events_since_the_state = 3;
    static constexpr std::int64_t all_events = 5;
    ShopWithGold followed_{"followed"};
    ShopWithGold shop_{"shop"};
};

TEST_F(GoldStageTest, ReadsOnlyTheCommitsAfterItsState) {
    expect_the_same_after_reading(events_since_the_state);
    expect_the_same_after_reading(0);
}

TEST_F(GoldStageTest, RebuildsWithoutAState) {
    fs::remove(shop_.data().gold_state());
    expect_the_same_after_reading(all_events);
    expect_the_same_after_reading(0);
}

TEST_F(GoldStageTest, RebuildsWhenItsStateIsDamaged) {
    fs::resize_file(shop_.data().gold_state(), fs::file_size(shop_.data().gold_state()) / 2);
    expect_the_same_after_reading(all_events);
}

TEST_F(GoldStageTest, RebuildsWhenSilversLogBeginsAfterItsState) {
    shop_.silver().table().checkpoint();
    for (int version = 0; version <= 2; ++version) fs::remove(shop_.silver().log_file(version));
    expect_the_same_after_reading(all_events);
    expect_the_same_after_reading(0);
}

TEST_F(GoldStageTest, RebuildsWhenVacuumHasRemovedTheFilesOfACommit) {
    storage::DeltaTable& table = shop_.silver().table();
    ASSERT_EQ(storage::optimize(table, silver::silver_layout(), {}).files_before, 3);
    ASSERT_EQ(storage::vacuum(table, {.retention = base::Duration(0), .orphan_age = base::Duration(0)}, false)
                  .files,
              3);
    expect_the_same_after_reading(all_events);
}

TEST_F(GoldStageTest, JoinedFilesAddNoEvents) {
    storage::optimize(shop_.silver().table(), silver::silver_layout(), {});
    expect_the_same_after_reading(events_since_the_state);
}

TEST_F(GoldStageTest, RebuildsWhenItIsTold) {
    shop_.run();
    expect_the_same_after_reading(all_events, {.rebuild = true});
}

TEST_F(GoldStageTest, RowsThatSilverRemovesAreRemovedFromGold) {
    storage::Commit removal;
    const storage::AddFile first = shop_.silver().table().read_commit(storage::Version(1))->adds.front();
    removal.removes.push_back({first.path, first.partition_values, first.size, {}, true});
    shop_.silver().table().commit(std::move(removal), [](const storage::Commit&) { return true; });
    EXPECT_EQ(shop_.run(), events_since_the_state + 3) << "it reads on, and then reads what is left";
    ShopWithGold never_had_it("never");
    never_had_it.silver().commit({{"a", noon + 10 * minute}});
    never_had_it.silver().commit({{"b", noon + 5 * hour}, {"a", noon + 5 * hour + minute}});
    never_had_it.run();
    EXPECT_EQ(shop_.rows_of(Table::sessions).size(), 3U);
    EXPECT_EQ(shop_.published(), never_had_it.published());
}

TEST_F(GoldStageTest, ARebuildThatIsStoppedIsDoneAgainAtTheNextStart) {
    fs::remove(shop_.data().gold_state());
    EXPECT_EQ(shop_.run_stopped(), 0);
    EXPECT_FALSE(fs::exists(shop_.data().gold_state()));
    EXPECT_THAT(shop_.published(), testing::IsEmpty());
    expect_the_same_after_reading(all_events);
}

TEST_F(GoldStageTest, WaitsWhileAnotherProcessRunsGold) {
    const auto before = shop_.published();
    base::File another = catalog::gold_lock(shop_.data());
    another.lock();
    EXPECT_EQ(shop_.run_stopped(), 0);
    EXPECT_EQ(shop_.published(), before) << "not even the rows of open windows are withdrawn";
    another.unlock();
    expect_the_same_after_reading(events_since_the_state);
}

/// A shop that got the events of a day after those of later days.
class LateDayTest : public testing::Test {
  protected:
    static constexpr base::Duration one_day = 24 * hour;
    LateDayTest() {
        for (const int at : {0, 1, 2, 5}) in_order_.silver().commit(views_of(at));
        in_order_.run();
        for (const int at : {0, 2, 5}) shop_.silver().commit(views_of(at));
        shop_.run();
        shop_.silver().commit(views_of(1));
    }
    static std::vector<TestView> views_of(int at) {
        const Timestamp time = noon + at * one_day;
        return {{"a", time},
                {"b", time + minute},
                {"a", time + 11 * hour},
                {"b", time + 11 * hour + 59 * minute}};
    }

    ShopWithGold in_order_{"in_order"};
    ShopWithGold shop_{"late"};
};

TEST_F(LateDayTest, IsCorrectedBeforeGoldEnds) {
    shop_.run();
    EXPECT_EQ(shop_.published(), in_order_.published());
    EXPECT_TRUE(late_days(shop_.data()).empty());
}

TEST_F(LateDayTest, WaitsWhenCorrectionIsOff) {
    shop_.run({.correct = false});
    EXPECT_NE(shop_.published(), in_order_.published());
    EXPECT_EQ(late_days(shop_.data()).events(), 4);
    shop_.run();
    EXPECT_EQ(shop_.published(), in_order_.published()) << "the state tells that the day waits";
}

TEST_F(LateDayTest, IsCorrectedOnceEvenIfTheStateDoesNotKnow) {
    shop_.run({.correct = false});
    const std::string state = shop_.data().gold_state().string();
    fs::copy(state, state + ".before");
    shop_.run();
    const auto version = shop_.table(Table::kpis).snapshot().version;
    fs::rename(state + ".before", state);  // as if the process was killed before it saved the state
    EXPECT_TRUE(late_days(shop_.data()).empty()) << "the tables tell that the day is corrected";
    shop_.run();
    EXPECT_LE(shop_.table(Table::kpis).snapshot().version, version + 2)
        << "only the provisional rows were replaced";
    EXPECT_EQ(shop_.published(), in_order_.published());
}

TEST_F(LateDayTest, IsNotLateInARebuild) {
    shop_.run({.correct = false});
    shop_.run({.rebuild = true});
    EXPECT_TRUE(late_days(shop_.data()).empty());
    EXPECT_EQ(shop_.published(), in_order_.published());
}

TEST(GoldStageAlerts, OfARebuildAreNumberedOnAndNotSentAgain) {
    ShopWithGold shop("alerts");
    std::vector<TestView> views;  // views of one product, which nobody buys
    for (int i = 0; i < 200; ++i) views.push_back({"u", noon + i * second});
    shop.silver().commit(views);
    shop.run();
    EXPECT_EQ(shop.rows_of(Table::alerts).size(), 1U);
    EXPECT_EQ(shop.table(Table::alerts).snapshot().txn(quiet_app_id, 0), 0);
    fs::remove(shop.data().gold_state());
    shop.run();
    EXPECT_EQ(shop.rows_of(Table::alerts).size(), 1U);
    EXPECT_EQ(shop.table(Table::alerts).snapshot().txn(quiet_app_id, 0), 2);
}

}  // namespace
}  // namespace millrace::gold
