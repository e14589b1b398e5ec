#include "gold/stage/state_keeper.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "catalog/table_locks.h"
#include "gold/stage/test_silver.h"
#include "gold/test_times.h"

namespace millrace::gold {
namespace {

namespace fs = std::filesystem;

/// A silver table, and a Gold whose state a test keeps.
class StateKeeperTest : public testing::Test {
  protected:
    /// What a process that runs Gold has in memory.
    struct Process {
        Process(const catalog::DataDirectory& data, const model::ShopSettings& settings,
                base::WorkerPool& pool, const base::File& lock)
            : silver(data, pool, nullptr),
              engine(settings, pool),
              state(data, settings, lock, silver, engine, late) {}

        SilverTail silver;
        GoldEngine engine;
        LateDays late;
        StateKeeper state;
    };

    StateKeeperTest() { start(); }
    ~StateKeeperTest() override {
        process_.reset();
        fs::remove_all(data_.root());
    }

    /// Starts a process, after the end of the one before.
    void start(const model::ShopSettings& settings = {}) {
        process_.reset();
        process_.emplace(data_, settings, pool_, lock_);
    }
    StateKeeper& state() { return process_->state; }
    /// Saves a state at a version of Silver.
    void save_at(std::int64_t version) {
        process_->silver.continue_from(storage::Version(version));
        state().save();
    }

    const catalog::DataDirectory data_{fs::temp_directory_path() /
                                       ("millrace_state_keeper_test_" + std::to_string(::getpid()))};
    base::WorkerPool pool_{1};
    TestSilver silver_{data_};
    base::File lock_ = catalog::gold_lock(data_);
    std::optional<Process> process_;
};

TEST_F(StateKeeperTest, ASavedStateIsLoadedAtItsVersion) {
    silver_.commit({{"a", noon}});
    EXPECT_FALSE(state().load());
    EXPECT_FALSE(state().exists());
    save_at(1);
    EXPECT_TRUE(state().exists());
    start();
    EXPECT_TRUE(state().load());
    EXPECT_EQ(process_->silver.version(), storage::Version(1));
    EXPECT_TRUE(state().is_current());
}

TEST_F(StateKeeperTest, LateDaysArePartOfTheState) {
    silver_.commit({{"a", noon}});
    process_->late = late_day(noon, storage::Version(1));
    save_at(1);
    EXPECT_TRUE(state().is_current());
    process_->late.clear();
    EXPECT_FALSE(state().is_current()) << "a day was corrected since";
    start();
    EXPECT_TRUE(state().load());
    EXPECT_EQ(process_->late, late_day(noon, storage::Version(1)));
}

TEST_F(StateKeeperTest, TheWatermarkIsPartOfTheState) {
    Events events = view_at(process_->engine.strings(), noon);
    process_->engine.add(events);
    Output closed;
    process_->engine.finish_rows(end_of_time, closed);
    const Timestamp watermark = process_->engine.watermark();
    EXPECT_NE(watermark, no_watermark);
    save_at(0);
    start();
    EXPECT_TRUE(state().load());
    EXPECT_EQ(process_->engine.watermark(), watermark);
}

TEST_F(StateKeeperTest, AStateOfOtherSettingsIsNotLoaded) {
    save_at(0);
    model::ShopSettings other;
    other.gold.lateness *= 2;
    start(other);
    EXPECT_FALSE(state().load());
}

TEST_F(StateKeeperTest, AStateOfAnotherSilverTableIsNotLoaded) {
    save_at(0);
    fs::remove_all(data_.silver());
    const TestSilver another(data_);
    start();
    EXPECT_FALSE(state().load());
}

TEST_F(StateKeeperTest, ADamagedStateIsNotLoaded) {
    save_at(0);
    fs::resize_file(data_.gold_state(), fs::file_size(data_.gold_state()) - 1);
    start();
    EXPECT_FALSE(state().load());
    fs::resize_file(data_.gold_state(), 0);
    EXPECT_FALSE(state().load());
    EXPECT_TRUE(state().exists());
}

TEST_F(StateKeeperTest, NoStateIsSavedOnceTheShopHasOtherSettings) {
    model::ShopSettings settings;
    data_.store(settings);
    save_at(0);
    settings.gold.lateness *= 2;
    data_.store(settings);
    silver_.commit({{"a", noon}});
    process_->silver.continue_from(storage::Version(1));
    EXPECT_THROW(state().save(), Error);
    EXPECT_THROW(state().start_save(), Error);
    EXPECT_FALSE(state().is_current());
}

TEST_F(StateKeeperTest, ASaveInTheBackgroundStartsWhenThereIsSomethingToSave) {
    silver_.commit({{"a", noon}});
    save_at(0);
    EXPECT_FALSE(state().start_save()) << "the state on disk is current";
    process_->silver.continue_from(storage::Version(1));
    EXPECT_FALSE(state().is_current());
    ASSERT_TRUE(state().start_save());
    EXPECT_FALSE(state().start_save()) << "a save is running";
    state().wait();
    EXPECT_EQ(state().take_saved(), storage::Version(1));
    EXPECT_EQ(state().take_saved(), std::nullopt);
    EXPECT_TRUE(state().is_current());
    start();
    EXPECT_TRUE(state().load());
    EXPECT_EQ(process_->silver.version(), storage::Version(1));
}

TEST_F(StateKeeperTest, ManyTicksAreSomethingToSave) {
    save_at(0);
    EXPECT_TRUE(state().is_current());
    state().add_tick(base::from_ms(60'000));
    EXPECT_FALSE(state().is_current());
    EXPECT_FALSE(state().start_save()) << "the file of ticks is short";
    for (int tick = 2; tick <= 60; ++tick) state().add_tick(base::WallTime(std::chrono::minutes(tick)));
    EXPECT_TRUE(state().start_save());
}

TEST_F(StateKeeperTest, TicksSinceTheStateAreRepeatedAfterARestart) {
    silver_.commit({{"a", noon}});
    save_at(1);
    const base::WallTime at_noon = model::to_wall_time(noon);
    state().add_tick(at_noon + std::chrono::minutes(10));
    start();
    ASSERT_TRUE(state().load_ticks());
    ASSERT_TRUE(state().load());
    Alerts& alerts = process_->engine.alerts();
    alerts.adopt(AlertRules());
    alerts.begin({.committed_at = at_noon, .newest = noon, .partitions = {}});
    EXPECT_TRUE(alerts.tick_due(at_noon + std::chrono::minutes(10)));
    state().replay_ticks(model::AlertSequence(0));
    EXPECT_FALSE(alerts.tick_due(at_noon + std::chrono::minutes(10)));
    EXPECT_TRUE(alerts.tick_due(at_noon + std::chrono::minutes(11)));
}

TEST_F(StateKeeperTest, TicksOfEarlierVersionsAreForgottenWithTheNextState) {
    silver_.commit({{"a", noon}});
    save_at(0);
    state().add_tick(base::from_ms(60'000));
    save_at(1);
    EXPECT_TRUE(state().is_current());
}

TEST_F(StateKeeperTest, ClearingWaitsForASaveThatIsRunning) {
    process_->silver.continue_from(storage::Version(0));
    state().add_tick(base::from_ms(60'000));
    ASSERT_TRUE(state().start_save());
    state().clear();
    EXPECT_FALSE(state().exists());
    EXPECT_EQ(state().take_saved(), std::nullopt);
    EXPECT_FALSE(fs::exists(data_.gold() / "ticks.json"));
    EXPECT_TRUE(state().load_ticks());
}

}  // namespace
}  // namespace millrace::gold
