#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/units.h"
#include "base/worker_pool.h"
#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "catalog/table_locks.h"
#include "silver/check.h"
#include "silver/ranges/range_committer.h"
#include "silver/ranges/range_planner.h"
#include "silver/ranges/range_worker.h"
#include "silver/stage/batch_report.h"
#include "silver/stage/silver_writer.h"

namespace millrace::python {

/// Where a silver table and its log are. Workers on other machines need the same file system.
struct SilverPlace {
    std::string data;   ///< the data directory
    std::string place;  ///< the log: kafka://HOST:PORT/TOPIC, or its folder (open_log())
    std::string topic;
    std::map<std::string, std::string> properties;  ///< settings of librdkafka
    /// The settings of the shop as millrace.json has them; empty: those that are stored there.
    std::string settings;
    bool with_archive = false;  ///< read what the log has removed from its archive

    [[nodiscard]] model::ShopSettings shop_settings() const;
};

/// The log of a place, with its archive if it is to be read and there is one.
class PlaceLog {
  public:
    explicit PlaceLog(const SilverPlace& place);
    [[nodiscard]] const bronze::EventLog& operator*() const { return archived_ ? *archived_ : *live_; }

  private:
    std::unique_ptr<bronze::EventLog> live_;
    std::unique_ptr<bronze::EventLog> archived_;
};

/// Offsets by partition.
using Offsets = std::map<int, std::int64_t>;

/// The tables and the log of a driver. As long as it lives, `vacuum` keeps the files that tasks have written
/// and that no commit names yet.
struct SilverTables {
    /// Opens the tables, or creates them.
    explicit SilverTables(const SilverPlace& place);

    const catalog::DataDirectory data;
    const PlaceLog log;
    const model::ShopSettings settings;
    const catalog::WriterLease lease;
    base::WorkerPool pool;
    silver::SilverWriter writer;
};

/// Plans what the tasks of a silver stage process. Thread-safe; calls take turns.
class SilverPlanner {
  public:
    /// With `continue_on_data_loss`, records that the log has lost are skipped and counted.
    SilverPlanner(const SilverPlace& place, bool continue_on_data_loss);

    /// Where the table's progress ends, after the commits of all programs.
    [[nodiscard]] Offsets progress();
    [[nodiscard]] Offsets log_ends();
    /// Where a batch ends that keeps the limits and goes no farther than `ends`.
    [[nodiscard]] Offsets next_batch(const Offsets& ends, const silver::BatchLimits& limits);
    /// The ranges of what the table lacks up to these offsets.
    [[nodiscard]] std::vector<silver::RecordRange> ranges(const Offsets& ends,
                                                          const silver::TaskSizes& sizes);
    [[nodiscard]] std::vector<std::string> event_types();

  private:
    base::Mutex mutex_;
    SilverTables tables_ MILLRACE_GUARDED_BY(mutex_);
    silver::RangePlanner planner_ MILLRACE_GUARDED_BY(mutex_);
};

/// Commits what the tasks of a silver stage have made. Thread-safe; calls take turns.
class SilverCommitter {
  public:
    SilverCommitter(const SilverPlace& place, const silver::RangeCommitter::Options& options);

    /// Commits the results of tasks (SilverTask::finish()). The version of the report is no_version if the
    /// table had all of them.
    [[nodiscard]] silver::BatchReport commit(const std::vector<std::string_view>& results);

  private:
    base::Mutex mutex_;
    SilverTables tables_ MILLRACE_GUARDED_BY(mutex_);
    silver::RangeCommitter committer_ MILLRACE_GUARDED_BY(mutex_);
};

/// Processes one range, on a worker. Not thread-safe.
class SilverTask {
  public:
    /// `event_types` are those of the table. Throws an Error if the data directory is not here.
    SilverTask(const SilverPlace& place, const silver::RecordRange& range,
               const std::vector<std::string>& event_types);

    /// Processes the next records. Returns their number, or nothing when the range has ended.
    [[nodiscard]] std::optional<std::int64_t> step() { return worker_->step(); }
    /// What was made of the range, as bytes for SilverCommitter::commit().
    [[nodiscard]] std::string finish() { return worker_->finish().to_bytes(); }

  private:
    const catalog::DataDirectory data_;
    const PlaceLog log_;
    const model::ShopSettings settings_;
    silver::EventTypes types_;
    base::WorkerPool pool_{0};
    std::optional<silver::RangeWorker> worker_;
};

}  // namespace millrace::python
