#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <string>

#include "base/json.h"
#include "base/mutex.h"
#include "catalog/data_directory.h"
#include "serve/metrics_text.h"
#include "storage/disk_usage.h"

namespace millrace::api {

/// What the tables of a shop have on disk, and how fast it grows. The figures are at most half a minute old.
/// Thread-safe.
class TableUsage {
  public:
    explicit TableUsage(catalog::DataDirectory data) : data_(std::move(data)) {}

    /// The usage of each table, by its name. Tables that do not exist are left out.
    [[nodiscard]] std::map<std::string, storage::DiskUsage> tables() const;
    /// {"files", "bytes", "bytes_per_hour"} of all tables. The growth is that of the last hour, or of the
    /// time since the first look; null during the first minutes.
    [[nodiscard]] base::json::object totals() const;
    void add_metrics(serve::MetricsText& text) const;

  private:
    using Clock = std::chrono::steady_clock;
    struct Sample {
        Clock::time_point at;
        storage::FilesOnDisk all;
    };

    void look() const MILLRACE_REQUIRES(mutex_);

    const catalog::DataDirectory data_;
    mutable base::Mutex mutex_;
    // The last look, which const functions take when it is time.
    mutable std::map<std::string, storage::DiskUsage> tables_ MILLRACE_GUARDED_BY(mutex_);
    mutable std::deque<Sample> samples_ MILLRACE_GUARDED_BY(mutex_);  // of the last hour, the oldest first
};

}  // namespace millrace::api
