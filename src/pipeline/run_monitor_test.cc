#include "pipeline/run_monitor.h"

#include <gtest/gtest.h>

namespace millrace::pipeline {
namespace {

RunMonitor::Reading reading_at(double seconds, std::int64_t in_log, std::int64_t lag = 0) {
    return {.seconds = seconds,
            .now = base::from_ms(1000 + static_cast<std::int64_t>(seconds * 1000)),
            .in_log = in_log,
            .lag = lag};
}

silver::BatchReport batch_of(storage::Version version, std::int64_t silver, std::int64_t committed_ms = 0) {
    silver::BatchReport report;
    report.version = version;
    report.received = silver;
    report.silver = silver;
    report.committed_at = base::from_ms(committed_ms);
    return report;
}

TEST(RunMonitor, AddsUpTheBatchesAndKeepsTheLastOnes) {
    RunMonitor monitor;
    for (int version = 0; version < 40; ++version) monitor.add(batch_of(storage::Version(version), 10));
    const RunStatus status = monitor.update(reading_at(0, 400));
    EXPECT_EQ(status.silver, 400);
    ASSERT_EQ(status.last_batches.size(), 30U);
    EXPECT_EQ(status.last_batches.front().version, storage::Version(10));
    EXPECT_EQ(status.last_batches.back().version, storage::Version(39));
}

TEST(RunMonitor, CountsTheRateFromTheFirstReading) {
    RunMonitor monitor;
    EXPECT_EQ(monitor.update(reading_at(0, 1000)).events_per_second, 0);
    EXPECT_EQ(monitor.update(reading_at(0.5, 1600)).events_per_second, 0);
    EXPECT_EQ(monitor.update(reading_at(2, 1800)).events_per_second, 400);
    EXPECT_EQ(monitor.update(reading_at(2.5, 9000)).events_per_second, 400);
    EXPECT_EQ(monitor.update(reading_at(4, 1800)).events_per_second, 0);
}

TEST(RunMonitor, TellsSinceWhenRecordsWait) {
    RunMonitor monitor;
    EXPECT_EQ(monitor.update(reading_at(1, 5)).waiting_since, std::nullopt);
    EXPECT_EQ(monitor.update(reading_at(2, 5, 3)).waiting_since, base::from_ms(3000));
    EXPECT_EQ(monitor.update(reading_at(3, 5, 1)).waiting_since, base::from_ms(3000));
    EXPECT_EQ(monitor.update(reading_at(4, 5)).waiting_since, std::nullopt);
}

TEST(RunMonitor, ComparesGoldWithTheLastBatch) {
    RunMonitor monitor;
    auto reading = reading_at(1, 10);
    monitor.add(batch_of(storage::Version(7), 10));
    EXPECT_EQ(monitor.update(reading).gold_lag, 0);
    reading.gold_version = storage::Version(5);
    EXPECT_EQ(monitor.update(reading).gold_lag, 2);
    reading.gold_version = storage::Version(9);
    EXPECT_EQ(monitor.update(reading).gold_lag, 0);
    EXPECT_EQ(monitor.last().in_log, 10);
}

TEST(RunMonitor, FiguresAreAsOldAsTheEventsThatTheyLack) {
    RunMonitor monitor;
    auto reading = reading_at(0, 1000);
    EXPECT_EQ(monitor.update(reading).figures_as_of, std::nullopt) << "Gold has not begun";
    reading.gold_version = storage::Version(0);
    EXPECT_EQ(monitor.update(reading).figures_as_of, base::from_ms(1000));
    reading = reading_at(1, 1900, 900);
    reading.gold_version = storage::Version(0);
    reading.unread = 15;
    reading.shows_unread = true;
    EXPECT_EQ(monitor.update(reading).figures_as_of, base::from_ms(2000)) << "some are always on their way";
    reading = reading_at(2, 5000, 4000);
    reading.gold_version = storage::Version(0);
    reading.shows_unread = true;
    reading.unread = 3000;
    EXPECT_EQ(monitor.update(reading).figures_as_of, base::from_ms(2000)) << "a backlog";
    reading.unread = 0;
    reading.shows_unread = false;
    EXPECT_EQ(monitor.update(reading).figures_as_of, base::from_ms(2000))
        << "read, but neither shown nor committed";
    monitor.add(batch_of(storage::Version(3), 10));
    reading.lag = 0;
    EXPECT_EQ(monitor.update(reading).figures_as_of, base::from_ms(2000)) << "Gold is commits behind";
    reading.gold_version = storage::Version(3);
    EXPECT_EQ(monitor.update(reading).figures_as_of, base::from_ms(3000));
}

TEST(RunMonitor, KeepsTheLastLatencies) {
    RunMonitor monitor;
    gold::GoldReport report;
    for (int i = 1; i <= 10'001; ++i) {
        report.latency_ms = i;
        monitor.add(report);
    }
    report.latency_ms = 0;
    monitor.add(report);
    const auto latencies = monitor.update(reading_at(0, 0)).gold_latency_ms;
    EXPECT_EQ(latencies.size(), 5001U);
    EXPECT_EQ(latencies.back(), 10'001);
}

class ReadinessTest : public testing::Test {
  protected:
    [[nodiscard]] std::string reason(std::int64_t now_ms) const {
        return reason_not_ready(stages_, status_, base::from_ms(now_ms)).value_or("");
    }

    Readiness stages_{
        .silver_active = true, .gold_active = true, .freshness_objective = std::chrono::minutes(1)};
    RunStatus status_;
};

TEST_F(ReadinessTest, WaitsForBothStages) {
    EXPECT_EQ(reason(0), "");
    stages_.gold_active = false;
    EXPECT_EQ(reason(0), "Gold is resuming its work");
    stages_.silver_active = false;
    EXPECT_EQ(reason(0), "the silver stage is resuming its work");
}

TEST_F(ReadinessTest, EndsWhenRecordsWaitForTooLong) {
    status_.waiting_since = base::from_ms(1000);
    EXPECT_EQ(reason(61'000), "");
    EXPECT_EQ(reason(71'000), "records wait in the log for 1m10s: the objective is 1m");
    status_.last_batches.push_back(batch_of(storage::Version(1), 10, 30'000));
    EXPECT_EQ(reason(71'000), "");
    status_.gold_latency_ms = {120'000};
    EXPECT_NE(reason(71'000), "");
    status_.waiting_since.reset();
    EXPECT_EQ(reason(71'000), "");
}

}  // namespace
}  // namespace millrace::pipeline
