#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gold/output.h"
#include "pipeline/data_directory.h"
#include "pipeline/follower.h"
#include "serve/postgres_gold.h"
#include "storage/delta_table.h"

namespace millrace::pipeline {

struct PostgresOptions {
    std::string url;  ///< empty: none; it may hold a password
    std::string schema = "millrace";
};

/// Keeps Gold's tables in PostgreSQL as they are in Delta, exactly once: how far each table has come is
/// written there by the transaction that has its rows. The Delta tables are the queue, so a server that is
/// away is caught up with later and holds nothing up.
class PostgresPublisher {
  public:
    PostgresPublisher(const DataDirectory& data, PostgresOptions options);

    /// Whether it would take what open windows have now.
    [[nodiscard]] bool wants_open() const;
    /// Gives it what open windows have (gold::window_metrics()).
    void offer_open(gold::Output& open);
    /// Waits until all that is published is there, but at most `limit`; what is missing is warned of, and
    /// caught up with by the next one.
    void finish(std::chrono::seconds limit);
    /// Commits of Gold's tables, at these versions now, that aren't there. Thread-safe.
    [[nodiscard]] std::int64_t lag(const std::map<gold::Table, std::int64_t>& versions) const;

  private:
    using DayRows = std::map<std::int64_t, std::shared_ptr<arrow::RecordBatch>>;
    using OpenRows = std::map<gold::Table, DayRows>;

    void publish_all(const base::StopSignal& stop);
    void connect();
    bool publish(gold::Table table);
    void set_published(gold::Table table, std::int64_t version);
    bool publish_open();

    const DataDirectory& data_;
    const PostgresOptions options_;
    std::unique_ptr<serve::PostgresGold> postgres_;  // nothing while the server is away
    std::map<gold::Table, storage::DeltaTable> tables_;
    std::map<gold::Table, serve::PostgresGold::Progress> progress_;
    mutable std::mutex mutex_;
    std::optional<OpenRows> open_;                   // guarded by mutex_
    std::map<gold::Table, std::int64_t> published_;  // versions; guarded by mutex_
    Follower follower_;                              // last, since it uses the others
};

}  // namespace millrace::pipeline
