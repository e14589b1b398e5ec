#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "archive/archiver.h"
#include "base/stop.h"
#include "base/worker_pool.h"
#include "bronze/segment_log.h"
#include "catalog/data_directory.h"

namespace millrace::archive {

/// What the tests of the archive share: a data directory with a log of one partition, in which each batch has
/// a segment of its own.
class TestWithArchive : public testing::Test {
  protected:
    TestWithArchive() {
        std::filesystem::remove_all(data_.root());
        topic_.name = "events";
        topic_.partitions = 1;
        topic_.segments.segment_bytes = 1;
        open();
    }
    ~TestWithArchive() override { std::filesystem::remove_all(data_.root()); }

    void open() { log_ = bronze::SegmentLog::open_or_create(data_.bronze(), topic_); }

    /// Appends each value as a batch.
    void append(const std::vector<std::string>& values) {
        for (const std::string& value : values) {
            bronze::RecordBatchBuilder batch;
            batch.add("k", value, base::from_ms(1000));
            log_->append(0, batch);
        }
    }
    /// Makes the log remove the records before an offset, as its retention does.
    void remove_before(bronze::Offset start) {
        for (const bronze::Segment& segment : segments()) {
            if (segment.base < start) std::filesystem::remove(segment.path);
        }
        open();
    }
    /// Makes the log lose the records from an offset on, as a restored backup does.
    void remove_from(bronze::Offset end) {
        for (const bronze::Segment& segment : segments()) {
            if (segment.base >= end) std::filesystem::remove(segment.path);
        }
        std::filesystem::remove(bronze::TopicCatalog(data_.bronze()).published_path("events"));
        open();
    }

    /// Archives what the log holds, and returns the reports of the batches.
    std::vector<ArchiveReport> archive(ArchiveOptions options = {}) {
        options.available_now = true;
        std::vector<ArchiveReport> reports;
        Archiver(data_, *log_, options, pool_).run(never_, [&](const ArchiveReport& report) {
            reports.push_back(report);
        });
        return reports;
    }
    [[nodiscard]] storage::DeltaTable table() const { return storage::DeltaTable::open(data_.archive()); }

    const catalog::DataDirectory data_{std::filesystem::temp_directory_path() /
                                       fmt::format("millrace_archive_test_{}", ::getpid())};
    bronze::TopicSettings topic_;
    std::unique_ptr<bronze::SegmentLog> log_;
    base::WorkerPool pool_{1};
    const base::StopSignal never_;

  private:
    [[nodiscard]] std::vector<bronze::Segment> segments() const {
        return bronze::list_segments(bronze::TopicCatalog(data_.bronze()).partition_directory("events", 0));
    }
};

}  // namespace millrace::archive
