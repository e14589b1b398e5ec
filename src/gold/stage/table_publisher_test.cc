#include "gold/stage/table_publisher.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "base/error.h"
#include "gold/stage/test_silver.h"
#include "gold/test_times.h"

namespace millrace::gold {
namespace {

namespace fs = std::filesystem;

class TablePublisherTest : public testing::Test {
  protected:
    ~TablePublisherTest() override { fs::remove_all(data_.root()); }

    /// Adds rows of closed windows.
    void close(int rows) {
        for (int i = 0; i < rows; ++i) {
            publisher_.waiting()[Table::users]
                .add(20'000)
                .text("u")
                .text("EUR")
                .time(noon)
                .time(noon)
                .count(1)
                .count(1)
                .count(0)
                .count(0)
                .count(0)
                .count(0)
                .money(0)
                .money(0)
                .text("u");
        }
    }
    /// Lets an alert fire: after ten minutes a fifth of all records is quarantined.
    static void fire(Alerts& alerts) {
        std::int64_t received = 0;
        std::int64_t quarantined = 0;
        for (int i = 0; i < 20; ++i) {
            received += 1000;
            quarantined += i < 10 ? 5 : 200;
            const Timestamp now = noon + i * minute;
            alerts.judge(PipelineHealth{.committed_at = model::to_wall_time(now),
                                        .newest = now,
                                        .partitions = {{0, received, quarantined, 0}}});
        }
    }

    const catalog::DataDirectory data_{fs::temp_directory_path() /
                                       ("millrace_table_publisher_test_" + std::to_string(::getpid()))};
    base::WorkerPool pool_{2};
    TablePublisher publisher_{data_, model::TimeZone("UTC"), pool_};
};

TEST_F(TablePublisherTest, WaitingRowsArePublishedOnce) {
    EXPECT_FALSE(publisher_.has_waiting({Table::users, Table::kpis}));
    close(3);
    EXPECT_TRUE(publisher_.has_waiting({Table::users, Table::kpis}));
    EXPECT_FALSE(publisher_.has_waiting({Table::kpis}));
    EXPECT_EQ(publisher_.publish(storage::Version(1)), 3);
    EXPECT_FALSE(publisher_.has_waiting({Table::users}));
    EXPECT_EQ(publisher_.publish(storage::Version(1)), 0);
    EXPECT_EQ(publisher_.files({Table::users, Table::kpis}).size(), 1U) << "only one table has files";
}

TEST_F(TablePublisherTest, AFailureToWriteIsThrownByTheNextCallThatConcernsTheTables) {
    const fs::path day = data_.gold() / "users" / "day=2024-10-04";
    std::ofstream(day) << "a file where a folder should be";
    close(1);
    EXPECT_EQ(publisher_.publish(storage::Version(1)), 1);
    EXPECT_THROW(publisher_.refresh(), Error);
    fs::remove(day);
    close(2);
    EXPECT_EQ(publisher_.publish(storage::Version(2)), 2);
    EXPECT_EQ(publisher_.files({Table::users}).at(Table::users).size(), 1U);
}

TEST_F(TablePublisherTest, RowsThatATableHasFromBeforeARestartAreDropped) {
    close(3);
    publisher_.publish(storage::Version(2));
    publisher_.wait();
    TablePublisher restarted(data_, model::TimeZone("UTC"), pool_);
    close(3);
    std::swap(restarted.waiting(), publisher_.waiting());
    restarted.drop_known(storage::Version(2));
    EXPECT_FALSE(restarted.has_waiting({Table::users}));
    close(1);
    std::swap(restarted.waiting(), publisher_.waiting());
    restarted.drop_known(storage::Version(3));
    EXPECT_TRUE(restarted.has_waiting({Table::users})) << "they were closed later";
}

TEST_F(TablePublisherTest, RowsOfARebuildThatWasInterruptedAreNotTakenForPublishedOnes) {
    close(3);
    EXPECT_EQ(publisher_.publish_unversioned(), 3);
    close(3);
    publisher_.drop_known(storage::Version(0));
    EXPECT_TRUE(publisher_.has_waiting({Table::users}));
}

TEST_F(TablePublisherTest, ItIsFullWithTwoHundredThousandRows) {
    close(199'999);
    EXPECT_FALSE(publisher_.is_full());
    close(1);
    EXPECT_TRUE(publisher_.is_full());
}

TEST_F(TablePublisherTest, ClearingRemovesPublishedAndWaitingRows) {
    close(1);
    publisher_.publish(storage::Version(1));
    close(1);
    publisher_.clear();
    EXPECT_FALSE(publisher_.has_waiting({Table::users}));
    EXPECT_TRUE(publisher_.files({Table::users}).empty());
}

TEST_F(TablePublisherTest, AlertsArePublishedOnceAndNumberedOnAfterClearing) {
    Strings strings;
    Alerts alerts(strings, model::TimeZone("UTC"));
    EXPECT_EQ(publisher_.publish_alerts(alerts, storage::Version(4), false), 0);
    EXPECT_EQ(publisher_.alerts_version(), storage::no_version);
    alerts.adopt(AlertRules());
    fire(alerts);
    EXPECT_EQ(publisher_.publish_alerts(alerts, storage::Version(4), false), 1);
    EXPECT_EQ(publisher_.alerts_sequence(), model::AlertSequence(1));
    EXPECT_EQ(publisher_.alerts_version(), storage::Version(4));
    EXPECT_TRUE(alerts.unpublished().empty());
    EXPECT_EQ(publisher_.publish_alerts(alerts, storage::Version(5), false), 0);
    publisher_.clear();
    EXPECT_EQ(publisher_.alerts_sequence(), model::AlertSequence(1));
    EXPECT_EQ(publisher_.alerts_version(), storage::no_version);
}

TEST_F(TablePublisherTest, VersionsAreNotedWhenATableIsWritten) {
    EXPECT_TRUE(publisher_.versions().tables.empty());
    publisher_.note_versions();
    const storage::Version before = publisher_.versions().tables.at(Table::users);
    close(1);
    publisher_.publish(storage::Version(1));
    publisher_.wait();
    EXPECT_EQ(publisher_.versions().tables.at(Table::users), before + 1);
    EXPECT_EQ(publisher_.versions().tables.size(), table_count);
}

TEST_F(TablePublisherTest, ProvisionalRowsAreRemembered) {
    Gold gold(model::TimeZone("UTC"), model::GoldOptions(), [](auto tasks) {
        for (const auto& task : tasks) task();
    });
    gold.add(view_at(gold.strings(), noon));
    EXPECT_FALSE(publisher_.has_provisional());
    EXPECT_GT(publisher_.publish_provisional(gold, storage::Version(1)), 0);
    EXPECT_TRUE(publisher_.has_provisional());
}

}  // namespace
}  // namespace millrace::gold
