#include "pipeline/run_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::pipeline {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string metrics_of(const RunStatus& status) {
    serve::MetricsText text;
    add_metrics(text, status);
    return text.text();
}

TEST(RunMetrics, CountsAreThoseOfTheStatus) {
    RunStatus status;
    status.in_log = 1000;
    status.lag = 20;
    status.duplicates = 3;
    status.quarantined = 4;
    status.by_rule = {{"bad_price", 4}};
    const std::string text = metrics_of(status);
    EXPECT_THAT(text, HasSubstr("\nmillrace_log_records 1000\n"));
    EXPECT_THAT(text, HasSubstr("\nmillrace_silver_lag_records 20\n"));
    EXPECT_THAT(text, HasSubstr("\nmillrace_silver_dropped_records_total{reason=\"duplicate\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("\nmillrace_silver_dropped_records_total{reason=\"quarantined\"} 4\n"));
    EXPECT_THAT(text, HasSubstr("\nmillrace_quarantined_records_total{rule=\"bad_price\"} 4\n"));
}

TEST(RunMetrics, WhatIsNotKnownYetIsLeftOut) {
    const std::string text = metrics_of({});
    for (const char* name :
         {"millrace_quarantined_records_total", "millrace_gold_watermark", "millrace_gold_latency",
          "millrace_silver_batches_total", "millrace_alerts_pending", "millrace_postgres"})
        EXPECT_THAT(text, Not(HasSubstr(name)));
    EXPECT_THAT(text, HasSubstr("\nmillrace_silver_lag_records 0\n"));
}

TEST(RunMetrics, TimesAreSecondsAndTheLastLatencyAndBatchCount) {
    RunStatus status;
    status.gold_watermark = base::from_ms(1'500);
    status.gold_latency_ms = {9000, 250};
    status.last_batches.resize(2);
    status.last_batches[0].batch = 1;
    status.last_batches[1].batch = 2;
    status.last_batches[1].version = storage::Version(7);
    status.last_batches[1].committed_at = base::from_ms(2'500);
    const std::string text = metrics_of(status);
    EXPECT_THAT(text, HasSubstr("\nmillrace_gold_watermark_timestamp_seconds 1.5\n"));
    EXPECT_THAT(text, HasSubstr("\nmillrace_gold_latency_seconds 0.25\n"));
    EXPECT_THAT(text, HasSubstr("\nmillrace_silver_batches_total 2\n"));
    EXPECT_THAT(text, HasSubstr("\nmillrace_silver_version 7\n"));
    EXPECT_THAT(text, HasSubstr("\nmillrace_silver_last_commit_timestamp_seconds 2.5\n"));
}

TEST(RunMetrics, TheStatusForTheDashboardHasTheLagOfEachPartition) {
    RunStatus status;
    EXPECT_TRUE(to_json(status, {}).at("gold_latency_ms").is_null());
    status.gold_latency_ms = {9000, 250};
    silver::PartitionLag lag;
    lag.partition = 2;
    lag.end = bronze::Offset(100);
    lag.committed = bronze::Offset(70);
    const auto json = to_json(status, {lag});
    EXPECT_EQ(json.at("gold_latency_ms"), 250.0);
    ASSERT_EQ(json.at("partitions").as_array().size(), 1U);
    EXPECT_EQ(json.at("partitions").at(0).at("partition"), 2);
    EXPECT_EQ(json.at("partitions").at(0).at("lag"), 30);
}

}  // namespace
}  // namespace millrace::pipeline
