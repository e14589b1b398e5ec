#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/stop.h"
#include "catalog/data_directory.h"
#include "catalog/table_locks.h"
#include "python/silver_job.h"
#include "silver/ranges/range_planner.h"
#include "silver/stage/replay.h"

namespace millrace::python {

/// Rebuilds the silver table from the log, as `millrace replay` does, by tasks on other machines. Not
/// thread-safe.
class SilverReplay {
  public:
    /// How the log is divided.
    struct Division {
        silver::BatchLimits round;
        silver::TaskSizes tasks;
    };
    /// Runs the tasks of some ranges (SilverTask), and returns their results.
    using RunTasks = std::function<std::vector<std::string>(const std::vector<silver::RecordRange>& ranges,
                                                            const std::vector<std::string>& event_types)>;

    SilverReplay(const SilverPlace& place, const silver::RangeCommitter::Options& options);

    /// Readers see the old tables until one commit puts the new silver table in place. Throws an Error, and
    /// changes nothing, when rows would be lost.
    silver::ReplayReport run(const Division& division, const RunTasks& run_tasks);

  private:
    const catalog::DataDirectory data_;
    const PlaceLog log_;
    const model::ShopSettings settings_;
    const silver::RangeCommitter::Options options_;
    const catalog::WriterLease lease_;
    base::WorkerPool pool_;
    silver::Replay replay_;
};

}  // namespace millrace::python
