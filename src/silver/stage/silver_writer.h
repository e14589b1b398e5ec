#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "catalog/data_directory.h"
#include "silver/stage/batch_files.h"
#include "silver/stage/batch_report.h"
#include "silver/stage/lane.h"
#include "silver/stage/quarantined_items.h"
#include "silver/stage/table_ids.h"
#include "storage/delta_table.h"

namespace millrace::silver {

/// Receives the batches of the silver stage, and provides the state from which the stage resumes. Not
/// thread-safe.
class BatchSink {
  public:
    virtual ~BatchSink() = default;
    /// Reads the commits of other writers.
    virtual void refresh() = 0;
    /// Returns the snapshot from which the stage resumes: its progress, its event types, and the files with
    /// its ids.
    [[nodiscard]] virtual const storage::Snapshot& snapshot() const = 0;
    [[nodiscard]] virtual const std::filesystem::path& root() const = 0;
    /// Returns the identity that the table gives to the log.
    [[nodiscard]] virtual catalog::LogIdentity identity() const = 0;
    /// Begins a new epoch of the log: the log is processed from its start. The caller must call refresh()
    /// next.
    virtual void begin_epoch() = 0;
    [[nodiscard]] virtual catalog::PartitionProgress progress(int partition) const = 0;
    /// Returns the offsets from `from` on whose quarantine rows are already written.
    [[nodiscard]] virtual ItemPlaces quarantined(int partition, bronze::Offset from) const = 0;
    /// Returns the current files of the table, including those that others have committed since refresh().
    [[nodiscard]] virtual Files live_files() const = 0;
    /// Writes the rows of a batch into files, which no commit names yet.
    [[nodiscard]] virtual WrittenFiles write(const std::vector<LanePart>& parts) = 0;
    /// Commits a batch durably whose rows are in `files`. Returns false if the batch must be given up; the
    /// stage then resumes from snapshot().
    virtual bool commit(const std::vector<LanePart>& parts, WrittenFiles files, IdSet& ids,
                        BatchReport& report) = 0;
};

/// Writes batches to the silver table and the quarantine table: first the data files, then the quarantine
/// commit, then the silver commit, which is also the checkpoint. Not thread-safe.
class SilverWriter : public BatchSink {
  public:
    /// Opens both tables, or creates them if they do not exist. `data`, `log` and `pool` must outlive the
    /// writer.
    SilverWriter(const catalog::DataDirectory& data, const bronze::EventLog& log,
                 const model::ShopSettings& settings, base::WorkerPool& pool);

    /// Throws Error if a rebuild was interrupted, or if a rebuild has changed the settings of the shop.
    void refresh() override;
    [[nodiscard]] const storage::Snapshot& snapshot() const override { return silver_.snapshot(); }
    [[nodiscard]] const std::filesystem::path& root() const override { return silver_.root(); }
    [[nodiscard]] catalog::LogIdentity identity() const override {
        return catalog::identify(silver_.snapshot(), log_);
    }
    void begin_epoch() override;
    [[nodiscard]] catalog::PartitionProgress progress(int partition) const override;
    [[nodiscard]] ItemPlaces quarantined(int partition, bronze::Offset from) const override;
    [[nodiscard]] Files live_files() const override;
    [[nodiscard]] WrittenFiles write(const std::vector<LanePart>& parts) override;
    /// Returns false if another writer has meanwhile processed one of the batch's partitions, committed a row
    /// with one of its ids, or rebuilt the table, or if files of the batch were removed.
    bool commit(const std::vector<LanePart>& parts, WrittenFiles files, IdSet& ids,
                BatchReport& report) override;

  private:
    void check_settings_unchanged() const;
    bool commit_quarantine(const std::vector<LanePart>& parts, std::vector<storage::AddFile> adds);
    [[nodiscard]] bool lacks_clock(const PartitionPart& partition) const;
    bool commit_silver(const std::vector<LanePart>& parts, std::vector<storage::AddFile> adds, IdSet& ids);
    [[nodiscard]] bool touches_our_progress(const storage::Commit& other,
                                            const std::vector<LanePart>& parts) const;
    bool add_ids_of(const storage::Commit& other, IdSet& ids) const;

    const catalog::DataDirectory& data_;
    const model::ShopSettings settings_;
    const bronze::EventLog& log_;
    base::File commit_lock_;
    storage::DeltaTable silver_;
    storage::DeltaTable quarantine_;
    BatchFiles files_;
};

}  // namespace millrace::silver
