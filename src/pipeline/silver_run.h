#pragma once

#include <optional>

#include "base/stop.h"
#include "base/worker_pool.h"
#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "pipeline/table_maintenance.h"
#include "silver/stage/batch_report.h"
#include "silver/stage/silver_stage.h"
#include "silver/stage/silver_writer.h"
#include "storage/version.h"

namespace millrace::pipeline {

/// Silver of one data directory: the stage with the tables that it writes, the history of its batches, and,
/// unless it only processes what the log holds now, the maintenance of the tables. The caller holds a
/// catalog::WriterLease.
class SilverRun {
  public:
    /// Opens the tables, creating them when there are none. Rows also go to `followers`, where Gold runs in
    /// this process. All but `options` must outlive the object.
    SilverRun(const catalog::DataDirectory& data, const bronze::EventLog& log,
              const model::ShopSettings& settings, const silver::SilverOptions& options,
              base::WorkerPool& pool, silver::Followers followers = {});

    /// Called after each commit, from the thread that calls run(), once the history has the batch.
    void on_batch(silver::BatchCommitter::OnBatch callback);
    /// Called before each commit with the rows that it will add.
    void on_parts(silver::BatchCommitter::OnParts callback) { stage_.on_parts(std::move(callback)); }

    /// Processes the log (SilverStage::run()).
    void run(const base::StopSignal& stop) { stage_.run(stop); }

    /// Whether it has resumed from the table, and works. Thread-safe.
    [[nodiscard]] bool active() const { return stage_.active(); }
    /// How far the partitions that this process reads have come. Thread-safe.
    [[nodiscard]] const silver::PartitionTracker& partitions() const { return stage_.partitions(); }
    /// The version of the silver table. Not while it runs.
    [[nodiscard]] storage::Version table_version() const { return writer_.snapshot().version; }

  private:
    silver::SilverWriter writer_;
    silver::SilverStage stage_;
    silver::BatchHistory history_;
    std::optional<TableMaintenance> maintenance_;
};

}  // namespace millrace::pipeline
