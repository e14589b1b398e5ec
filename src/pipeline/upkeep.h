#pragma once

#include <optional>
#include <thread>

#include "base/stop.h"
#include "pipeline/data_directory.h"
#include "storage/optimize.h"

namespace millrace::pipeline {

/// Joins both tables' small files now; `gradual` as storage::OptimizeOptions says.
storage::OptimizeReport optimize_silver(const DataDirectory& data, bool gradual);
storage::OptimizeReport optimize_quarantine(const DataDirectory& data, bool gradual);

/// Keeps the tables tidy while the stage runs: joins small files gradually, and removes those whose retention
/// is over. It works on snapshots of its own, and its commits change no rows, so the stage's commits never
/// wait for it.
class Upkeep {
  public:
    explicit Upkeep(const DataDirectory& data);
    ~Upkeep();
    Upkeep(const Upkeep&) = delete;
    Upkeep& operator=(const Upkeep&) = delete;

  private:
    void work();

    const DataDirectory& data_;
    base::StopSignal stop_;
    std::thread thread_;
};

struct CleanReport {
    storage::VacuumReport silver;
    storage::VacuumReport quarantine;
    bool alone = false;  ///< no writer was running, so files that no commit names went too, however young
};

/// Removes the files that both tables no longer name; nothing stands for the tables' own retention. Throws a
/// usage Error for a retention above the tables', which they can't keep.
CleanReport vacuum_tables(const DataDirectory& data, std::optional<base::Duration> retention, bool dry_run);

}  // namespace millrace::pipeline
