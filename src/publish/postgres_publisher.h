#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/units.h"
#include "catalog/data_directory.h"
#include "gold/output.h"
#include "gold/stage/open_windows.h"
#include "publish/postgres_gold.h"
#include "publish/retry_loop.h"
#include "storage/delta_table.h"

namespace millrace::publish {

struct PostgresOptions {
    std::string url;  ///< empty: none; it may hold a password
    std::string schema = "millrace";
    /// How often the rows of open windows are brought up to date.
    base::Duration open_interval = std::chrono::seconds(10);
};

/// How far PostgreSQL is behind Gold's tables, and what stands in the way.
struct PostgresBacklog {
    std::int64_t commits = 0;  ///< of Gold's tables that aren't there
    /// Attempts that failed since the start, by table or view; those to reach the server are "connection"'s.
    std::map<std::string, std::int64_t> failures;
};

/// Keeps Gold's tables in PostgreSQL as they are in Delta, exactly once: how far each table has come is
/// written there by the transaction that has its rows. The Delta tables are the queue, so a server that is
/// away is caught up with later and holds nothing up. Nor does a table or view whose update fails hold up the
/// others: it is tried again, less and less often.
class PostgresPublisher {
  public:
    /// `data` and `windows` must outlive it.
    PostgresPublisher(const catalog::DataDirectory& data, PostgresOptions options,
                      gold::OpenWindowsChannel& windows);

    /// Waits until all that is published is there, but at most `limit`; what is missing is warned of, and
    /// caught up with by the next one.
    void finish(std::chrono::seconds limit);
    /// What is missing of Gold's tables, which are at these versions now. Thread-safe.
    [[nodiscard]] PostgresBacklog backlog(const std::map<gold::Table, std::int64_t>& versions) const;

  private:
    using Clock = std::chrono::steady_clock;
    using DayRows = std::map<std::int64_t, std::shared_ptr<arrow::RecordBatch>>;
    /// How the attempts to bring a table or view up to date have gone.
    struct Attempts {
        std::int64_t failures = 0;
        std::chrono::milliseconds pause{0};  ///< after the last one; 0: it succeeded
        Clock::time_point next{};
    };

    void publish_all(const base::StopSignal& stop);
    void request_open();
    void connect();
    void attempt(const std::string& name, const std::function<void()>& work);
    void note_failure(const std::string& name, const std::exception& error);
    void open_table(gold::Table table);
    void publish(gold::Table table);
    void publish_open(gold::Table table);
    void refresh_views();
    void set_published(gold::Table table, std::int64_t version);
    [[nodiscard]] bool all_succeeded() const;

    const catalog::DataDirectory& data_;
    const PostgresOptions options_;
    gold::OpenWindowsChannel& windows_;
    std::unique_ptr<PostgresGold> postgres_;  // nothing while the server is away
    std::map<gold::Table, storage::DeltaTable> tables_;
    std::map<gold::Table, PostgresGold::Progress> progress_;
    std::vector<std::string> views_;
    std::set<std::string> stale_views_;
    std::atomic<bool> finishing_ = false;
    mutable std::mutex mutex_;
    std::map<gold::Table, DayRows> open_;            // rows of open windows that are not there yet
    Clock::time_point next_open_{};                  // when they are requested again
    std::map<gold::Table, std::int64_t> published_;  // versions; guarded by mutex_
    std::map<std::string, Attempts> attempts_;       // guarded by mutex_
    RetryLoop follower_;                             // last, since it uses the others
};

}  // namespace millrace::publish
