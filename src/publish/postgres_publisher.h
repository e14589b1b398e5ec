#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/units.h"
#include "catalog/data_directory.h"
#include "gold/output.h"
#include "gold/stage/open_windows.h"
#include "publish/postgres_gold.h"
#include "publish/retry_loop.h"
#include "storage/delta_table.h"

namespace millrace::publish {

struct PostgresOptions {
    std::string url;  ///< empty: PostgreSQL is not used; the URL may contain a password
    std::string schema = "millrace";
    /// How often the rows of open windows are updated.
    base::Duration open_interval = std::chrono::seconds(10);
};

/// How far PostgreSQL is behind Gold's tables, and which updates failed.
struct PostgresBacklog {
    std::int64_t commits = 0;  ///< commits of Gold's tables that are not published yet
    /// Failed attempts since the start, by table or view. Failed connections are counted as "connection".
    std::map<std::string, std::int64_t> failures;
};

/// Copies Gold's tables to PostgreSQL, exactly once: the transaction that writes the rows of a table also
/// stores its progress. The Delta tables are the queue, so a server that was unreachable catches up later and
/// delays nothing else. If the update of a table or view fails, it is tried again with growing pauses, and
/// the other tables and views are not delayed.
class PostgresPublisher {
  public:
    /// Starts a thread that publishes. `data` and `windows` must outlive this object.
    PostgresPublisher(const catalog::DataDirectory& data, PostgresOptions options,
                      gold::OpenWindowsChannel& windows);

    /// Waits until all tables are published, for at most `limit`. If some are not, logs a warning; the next
    /// publisher catches up.
    void finish(std::chrono::seconds limit);
    /// Returns how far PostgreSQL is behind Gold's tables, which have these versions now. Thread-safe.
    [[nodiscard]] PostgresBacklog backlog(const std::map<gold::Table, storage::Version>& versions) const;

  private:
    using Clock = std::chrono::steady_clock;
    using DayRows = std::map<std::int64_t, std::shared_ptr<arrow::RecordBatch>>;
    /// The attempts to update a table or view.
    struct Attempts {
        std::int64_t failures = 0;
        std::chrono::milliseconds pause{0};  ///< pause after the last attempt; 0: the attempt succeeded
        Clock::time_point next{};
    };

    void publish_all(const base::StopSignal& stop);
    void request_open();
    void connect();
    void attempt(const std::string& name, const std::function<void()>& work);
    void note_failure(const std::string& name, const std::exception& error) MILLRACE_EXCLUDES(mutex_);
    void open_table(gold::Table table);
    void publish(gold::Table table);
    void publish_open(gold::Table table);
    void refresh_views();
    void set_published(gold::Table table, storage::Version version) MILLRACE_EXCLUDES(mutex_);
    [[nodiscard]] bool all_succeeded() const MILLRACE_EXCLUDES(mutex_);

    const catalog::DataDirectory& data_;
    const PostgresOptions options_;
    gold::OpenWindowsChannel& windows_;
    std::unique_ptr<PostgresGold> postgres_;  // nullptr while the server is not reachable
    std::map<gold::Table, storage::DeltaTable> tables_;
    std::map<gold::Table, PostgresGold::Progress> progress_;
    std::vector<std::string> views_;
    std::set<std::string> stale_views_;
    std::atomic<bool> finishing_ = false;
    std::map<gold::Table, DayRows> open_;  // rows of open windows that are not published yet
    Clock::time_point next_open_{};        // when the open windows are requested next
    mutable base::Mutex mutex_;
    std::map<gold::Table, storage::Version> published_ MILLRACE_GUARDED_BY(mutex_);  // the published versions
    std::map<std::string, Attempts> attempts_ MILLRACE_GUARDED_BY(mutex_);
    RetryLoop loop_;  // last, since its thread uses the other members
};

}  // namespace millrace::publish
