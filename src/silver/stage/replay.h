#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "silver/stage/old_tables.h"
#include "silver/stage/rebuilt_tables.h"
#include "silver/stage/silver_stage.h"
#include "silver/stage/silver_writer.h"
#include "storage/version.h"

namespace millrace::silver {

struct ReplayReport {
    std::int64_t received = 0;  ///< records of the log that were processed again
    std::int64_t silver = 0;
    std::int64_t duplicates = 0;
    std::int64_t quarantined = 0;
    std::int64_t kept_rows = 0;  ///< silver rows that stay, since the log no longer holds their records
    storage::Version version = storage::no_version;
};

/// Rebuilds the tables from what the log still holds, with `settings`. Readers see the old tables until one
/// commit puts the new silver table in place. A writer that runs beside it waits for the last part of it,
/// gives up its batch then, and continues from the new tables. Throws an Error, and changes nothing, when
/// rows would be lost.
class Replay {
  public:
    /// `data`, `log` and `settings` must outlive it.
    Replay(const catalog::DataDirectory& data, const bronze::EventLog& log,
           const model::ShopSettings& settings, const SilverOptions& options);

    /// Processes what a sink lacks of the log up to an offset of each partition, and commits it there.
    using Process = std::function<void(BatchSink& sink, const std::vector<bronze::Offset>& ends)>;
    /// Lets `process` do the work of the silver stage, before run().
    void process_by(Process process) { process_ = std::move(process); }

    /// Throws an Error when `stop` is requested before the end.
    ReplayReport run(const base::StopSignal& stop, const BatchCommitter::OnBatch& on_batch);

  private:
    void refresh();
    void catch_up(const base::StopSignal& stop, const BatchCommitter::OnBatch& on_batch);
    storage::Version replace_tables(const base::StopSignal& stop, const BatchCommitter::OnBatch& on_batch);

    const catalog::DataDirectory& data_;
    const bronze::EventLog& log_;
    const model::ShopSettings& settings_;
    SilverOptions options_;
    base::WorkerPool pool_;
    Process process_;  // empty: the silver stage processes the log
    SilverWriter writer_;
    OldTables old_;
    RebuiltTables rebuilt_;
};

}  // namespace millrace::silver
