#include "gold/stage/gold_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::gold {
namespace {

using testing::HasSubstr;
using testing::Not;

Events one_event(model::Timestamp log_time) {
    Events events;
    events.rows.resize(1);
    events.newest = events.oldest = log_time;
    return events;
}

TEST(GoldReporterTest, NothingIsReportedWhenNothingHasHappened) {
    GoldReporter reporter;
    reporter.start_at(storage::Version(3));
    reporter.note_pause(std::chrono::milliseconds(2));
    EXPECT_FALSE(reporter.take(0, storage::Version(3), model::from_us(100)));
    EXPECT_TRUE(reporter.take(0, storage::Version(4), model::from_us(100)))
        << "a commit without events is progress";
    EXPECT_FALSE(reporter.take(0, storage::Version(4), model::from_us(100)));
    reporter.add_rows(1);
    EXPECT_TRUE(reporter.take(0, storage::Version(4), model::from_us(100)));
}

TEST(GoldReporterTest, AReportHasTheFiguresSinceTheOneBefore) {
    GoldReporter reporter;
    reporter.add(one_event(base::now() - std::chrono::seconds(5)));
    reporter.add(one_event(base::now()));
    reporter.add_rows(10);
    reporter.add_provisional(3);
    reporter.note_pause(std::chrono::milliseconds(7));
    reporter.note_pause(std::chrono::milliseconds(2));
    const auto report = reporter.take(4, storage::Version(1), model::from_us(100));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->silver_version, storage::Version(1));
    EXPECT_EQ(report->events, 2);
    EXPECT_EQ(report->rows, 13);
    EXPECT_EQ(report->provisional, 3);
    EXPECT_EQ(report->late, 4);
    EXPECT_EQ(report->watermark, model::from_us(100));
    EXPECT_GE(report->latency_ms, 5000);
    EXPECT_EQ(report->pause_ms, 7);
    const auto next = reporter.take(4, storage::Version(2), model::from_us(200));
    ASSERT_TRUE(next);
    EXPECT_EQ(next->events, 0);
    EXPECT_EQ(next->rows, 0);
    EXPECT_EQ(next->latency_ms, 0);
}

TEST(GoldReporterTest, EventsThatARebuildReadsHaveNoLatency) {
    GoldReporter reporter;
    reporter.add(one_event(base::now() - std::chrono::seconds(5)));
    reporter.start_at(storage::Version(9));
    const auto report = reporter.take(0, storage::Version(9), model::from_us(100));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->events, 1);
    EXPECT_EQ(report->latency_ms, 0);
}

TEST(GoldReportTest, TheLineNamesProvisionalRowsOnlyWhereThereAreAny) {
    GoldReport report{.silver_version = storage::Version(3), .events = 1'200, .rows = 7};
    EXPECT_THAT(report.line(), HasSubstr("silver version 3: 1,200 events, 7 rows published, 0 late"));
    EXPECT_THAT(report.line(), Not(HasSubstr("provisional")));
    report.provisional = 2;
    EXPECT_THAT(report.line(), HasSubstr("7 rows published (2 of them provisional, from open windows)"));
}

}  // namespace
}  // namespace millrace::gold
