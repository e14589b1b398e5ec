#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "bronze/segment_log.h"

namespace millrace::bronze {

/// What the tests of the embedded log share: a topic of one partition in a folder of its own.
class TestWithSegmentLog : public testing::Test {
  protected:
    TestWithSegmentLog() {
        std::filesystem::remove_all(directory_);
        settings_.name = "events";
        settings_.partitions = 1;
    }
    ~TestWithSegmentLog() override { std::filesystem::remove_all(directory_); }

    std::unique_ptr<SegmentLog> open(LockWait lock_wait = {}) {
        return SegmentLog::open_or_create(directory_, settings_, lock_wait);
    }
    /// Holds the partition's lock, as another process would.
    base::File hold_lock() const {
        base::File held(directory_ / "events-0" / "lock", base::File::Mode::read_write);
        held.lock();
        return held;
    }
    std::filesystem::path segment(Offset base = Offset(0)) const {
        return segment_at(directory_ / "events-0", base).path;
    }
    std::filesystem::path published() const { return directory_ / "topics" / "events.published"; }

    static Offset append(SegmentLog& log, const std::vector<std::string>& values, std::int64_t time = 1000) {
        RecordBatchBuilder batch;
        for (const auto& value : values) batch.add("k", value, base::from_ms(time));
        return log.append(0, batch);
    }
    static std::vector<std::string> read_all(const SegmentLog& log, Offset from = Offset(0)) {
        std::vector<std::string> values;
        const auto reader = log.read(0, from);
        Offset expected = from;
        for (auto records = reader->poll(1000); !records.empty(); records = reader->poll(1000)) {
            for (const Record& record : records) {
                EXPECT_EQ(record.offset, expected++);
                values.emplace_back(record.value);
            }
        }
        return values;
    }
    void flip_bit(std::size_t at) const {
        std::string bytes = base::read_file(segment());
        bytes.at(at) = static_cast<char>(bytes.at(at) ^ 0x10);
        std::ofstream(segment(), std::ios::binary) << bytes;
    }
    /// Returns the message of the Error that opening the log throws, or an empty string if the log opens.
    std::string open_error() {
        try {
            open();
            return {};
        } catch (const Error& error) {
            return error.what();
        }
    }
    /// Takes the published end back, as a power loss does: it is never synced with the segments.
    void publish(Offset end) const {
        const int epoch = TopicCatalog(directory_).find("events")->epoch;
        HighWatermarks file(published(), {.epoch = epoch, .partitions = 1});
        file.set_end(0, end);
    }

    std::filesystem::path directory_ =
        std::filesystem::temp_directory_path() / ("millrace_log_test_" + std::to_string(::getpid()));
    TopicSettings settings_;
};

}  // namespace millrace::bronze
