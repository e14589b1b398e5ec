#include "pipeline/load.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "bronze/segment_log.h"
#include "catalog/table_locks.h"
#include "storage/delta_table.h"

namespace millrace::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr const char* rees46 =
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
    "2019-10-01 00:00:00 UTC,view,1,2,a.b,br,35.79,u1,s1\n"
    "2019-10-02 23:59:59 UTC,view,2,2,,,33.20,u2,s2\n"
    "2019-10-01 00:00:05 UTC,view,3,2,,,0.00,u3,s3\n"
    "cut \x1b[31mli\n";
constexpr const char* events =
    R"({"event_id":"e1","user_id":"u1","event_type":"page_view","timestamp":"2019-10-03T12:00:00Z"})"
    "\n";

class LoadTest : public testing::Test {
  protected:
    LoadTest() { fs::remove_all(root_), fs::create_directories(root_); }
    ~LoadTest() override { fs::remove_all(root_); }

    fs::path file(const std::string& name, const std::string& content) const {
        std::ofstream(root_ / name, std::ios::binary) << content;
        return root_ / name;
    }
    LoadReport load_files(const std::vector<fs::path>& files) {
        LoadOptions options;
        options.files = files;
        options.publish.alert_sinks.log.enabled = false;
        const auto log = bronze::SegmentLog::open_or_create(data_.bronze(), topic());
        data_.adopt(data_.settings());
        return load(data_, *log, data_.settings(), options, stop_,
                    [this](const LoadProgress& progress) { phases_.push_back(progress.phase); });
    }
    static bronze::TopicSettings topic() {
        bronze::TopicSettings settings;
        settings.name = bronze::default_topic;
        return settings;
    }

    const fs::path root_ = fs::temp_directory_path() / fmt::format("millrace_load_test_{}", ::getpid());
    const catalog::DataDirectory data_{root_ / "data"};
    base::StopSignal stop_;
    std::vector<LoadProgress::Phase> phases_;
};

TEST_F(LoadTest, FilesOfDifferentFormatsFillTheTables) {
    const auto report = load_files({file("a.csv", rees46), file("b.ndjson", events)});
    ASSERT_EQ(report.files.size(), 2U);
    EXPECT_EQ(report.files[0].format, produce::FileFormat::rees46);
    EXPECT_EQ(report.files[1].format, produce::FileFormat::events);
    EXPECT_EQ(report.rows, 3);
    EXPECT_EQ(report.duplicates, 0);
    ASSERT_EQ(report.quarantined.size(), 2U);
    EXPECT_EQ(report.quarantined.at("bad_price").records, 1);
    EXPECT_THAT(report.quarantined.at("bad_price").reason, testing::HasSubstr("price"));
    EXPECT_THAT(report.quarantined.at("bad_price").example, testing::HasSubstr("u3"));
    EXPECT_EQ(report.quarantined.at("bad_row").example, "cut  [31mli")
        << "a terminal is not told to do things";
    EXPECT_EQ(dashboard_path(report.days), "/#/overview?from=2019-10-01&to=2019-10-03");
    EXPECT_FALSE(report.is_stopped);
    EXPECT_THAT(phases_, testing::Contains(LoadProgress::Phase::gold));
    for (const char* table : {"kpis", "sessions", "product_metrics"})
        EXPECT_FALSE(storage::DeltaTable::open(data_.gold() / table).snapshot().files.empty()) << table;
}

TEST_F(LoadTest, WhatWasLoadedIsNotAddedAgain) {
    const auto path = file("a.csv", rees46);
    load_files({path});
    const auto report = load_files({path});
    EXPECT_EQ(report.rows, 0);
    EXPECT_EQ(report.duplicates, 2);
    EXPECT_EQ(dashboard_path(report.days), "/#/overview?from=2019-10-01&to=2019-10-02");
}

TEST_F(LoadTest, TheDaysAreThoseOfTheNewRowsInTheShopsTimeZone) {
    model::ShopSettings settings;
    settings.time_zone = "America/New_York";
    data_.store(settings);
    EXPECT_EQ(dashboard_path(load_files({file("a.csv", rees46)}).days),
              "/#/overview?from=2019-09-30&to=2019-10-02");
    EXPECT_EQ(dashboard_path(load_files({file("b.ndjson", events)}).days),
              "/#/overview?from=2019-10-03&to=2019-10-03");
}

TEST_F(LoadTest, AFileOfNoKnownFormatIsRefusedBeforeAnythingIsAppended) {
    EXPECT_THROW(load_files({file("a.csv", rees46), file("b.csv", "a,b\n1,2\n")}), Error);
    const auto log = bronze::SegmentLog::open_or_create(data_.bronze(), topic());
    EXPECT_EQ(log->records_numbered(), 0);
}

TEST_F(LoadTest, GoldIsLeftToTheProcessThatRunsIt) {
    auto lock = catalog::gold_lock(data_);
    lock.lock();
    const auto report = load_files({file("a.csv", rees46)});
    EXPECT_EQ(report.rows, 2);
    EXPECT_TRUE(report.is_gold_elsewhere);
}

TEST_F(LoadTest, AnEmptyTableHasNoDays) {
    EXPECT_EQ(dashboard_path(load_files({file("b.ndjson", "{}\n")}).days), "/");
}

TEST_F(LoadTest, AStopEndsItEarly) {
    stop_.request();
    const auto report = load_files({file("a.csv", rees46)});
    EXPECT_TRUE(report.is_stopped);
    EXPECT_EQ(report.rows, 0);
}

}  // namespace
}  // namespace millrace::pipeline
