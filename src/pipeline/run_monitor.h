#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"
#include "gold/stage/gold_stage.h"
#include "pipeline/run_status.h"
#include "publish/publisher.h"
#include "silver/stage/batch_report.h"
#include "storage/version.h"

namespace millrace::pipeline {

/// Collects a run's status: what the stages report, and what the pipeline reads from them. Thread-safe.
class RunMonitor {
  public:
    void add(const silver::BatchReport& report);
    void add(const gold::GoldReport& report);
    void set_sent(std::int64_t records);
    /// Sets the version of Silver at the start.
    void begin_at(storage::Version silver);

    /// What is read of the log and the stages at one moment.
    struct Reading {
        double seconds = 0;  ///< time since the run began
        base::WallTime now;  ///< time of the wall clock
        std::int64_t in_log = 0;
        std::int64_t lag = 0;
        std::int64_t skipped = 0;
        std::int64_t unread = 0;    ///< records in the log that no lane has read
        bool shows_unread = false;  ///< whether Gold shows what lanes have read, even before its commit
        std::optional<storage::Version> gold_version;  ///< silver version that Gold has processed, once known
        gold::LateDays gold_late_days;
        publish::DeliveryLag delivery;
    };
    /// Combines a reading with the reports into the new status. The rate of events begins at the first one.
    RunStatus update(const Reading& reading);
    /// The status of the last update(): for readers that must not wait for the log's answers.
    [[nodiscard]] RunStatus last() const;

  private:
    void note_figures(const Reading& reading) MILLRACE_REQUIRES(mutex_);

    mutable base::Mutex mutex_;
    std::optional<base::WallTime> figures_as_of_ MILLRACE_GUARDED_BY(mutex_);
    RunStatus status_ MILLRACE_GUARDED_BY(mutex_);  // what the stages have reported
    RunStatus last_ MILLRACE_GUARDED_BY(mutex_);
    std::optional<base::WallTime> waiting_since_ MILLRACE_GUARDED_BY(mutex_);
    // The silver version of the last batch.
    storage::Version silver_version_ MILLRACE_GUARDED_BY(mutex_) = storage::no_version;
    // The events per second, and the reading from which they were last computed.
    double rate_ MILLRACE_GUARDED_BY(mutex_) = 0;
    double rate_seconds_ MILLRACE_GUARDED_BY(mutex_) = 0;
    std::optional<std::int64_t> rate_in_log_ MILLRACE_GUARDED_BY(mutex_);
};

struct Readiness {
    bool silver_active = false;
    bool gold_active = false;              ///< true also where Gold does not run in this process
    base::Duration freshness_objective{};  ///< records should wait no longer
};
/// Tells why events are not processed, or not soon enough. Returns nothing when they are.
std::optional<std::string> reason_not_ready(const Readiness& stages, const RunStatus& status,
                                            base::WallTime now);

}  // namespace millrace::pipeline
