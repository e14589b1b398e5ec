#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "catalog/data_directory.h"
#include "silver/stage/batch_report.h"
#include "silver/stage/lane.h"
#include "silver/stage/table_ids.h"
#include "storage/delta_table.h"

namespace millrace::silver {

/// Where the silver stage's batches go, and where it takes up its work.
class BatchSink {
  public:
    virtual ~BatchSink() = default;
    /// Looks at what other writers have committed.
    virtual void refresh() = 0;
    /// The table that the stage continues: its progress, its event types, and the files with its ids.
    [[nodiscard]] virtual const storage::Snapshot& snapshot() const = 0;
    [[nodiscard]] virtual const std::filesystem::path& root() const = 0;
    /// What the table takes the log for.
    [[nodiscard]] virtual catalog::LogIdentity identity() const = 0;
    /// Takes the log for a new one from now on: its progress begins at its start. The caller refreshes.
    virtual void begin_epoch() = 0;
    [[nodiscard]] virtual catalog::PartitionProgress progress(int partition) const = 0;
    /// Offsets from `from` on whose quarantine rows are written already.
    [[nodiscard]] virtual std::set<bronze::Offset> quarantined(int partition, bronze::Offset from) const = 0;
    /// The files of the table by now, also those that others have committed since refresh().
    [[nodiscard]] virtual Files live_files() const = 0;
    /// Takes a batch over, durably. False when it must be given up, and the stage start again from
    /// snapshot().
    virtual bool commit(const std::vector<LanePart>& parts, IdSet& ids, BatchReport& report) = 0;
};

/// Writes batches into the two tables: data files first, then the quarantine commit, then the silver commit,
/// which is also the checkpoint. Not thread-safe.
class SilverWriter : public BatchSink {
  public:
    /// Opens both tables, creating them when there are none. `data` must outlive it.
    SilverWriter(const catalog::DataDirectory& data, const bronze::EventLog& log,
                 const model::ShopSettings& settings, base::WorkerPool& pool);

    /// Throws an Error when a rebuild was interrupted, or has given the shop other settings than this
    /// writer's.
    void refresh() override;
    [[nodiscard]] const storage::Snapshot& snapshot() const override { return silver_.snapshot(); }
    [[nodiscard]] const std::filesystem::path& root() const override { return silver_.root(); }
    [[nodiscard]] catalog::LogIdentity identity() const override {
        return catalog::identify(silver_.snapshot(), log_);
    }
    void begin_epoch() override;
    [[nodiscard]] catalog::PartitionProgress progress(int partition) const override;
    [[nodiscard]] std::set<bronze::Offset> quarantined(int partition, bronze::Offset from) const override;
    [[nodiscard]] Files live_files() const override;
    /// False when another writer has processed one of the batch's partitions, or rows with one of its ids, or
    /// has rebuilt the table meanwhile; or when the batch's files have gone.
    bool commit(const std::vector<LanePart>& parts, IdSet& ids, BatchReport& report) override;

    /// Writes the parts' rows into files and returns what the log would name; nothing is committed yet.
    [[nodiscard]] std::vector<storage::AddFile> write_files(const std::vector<LanePart>& parts);
    [[nodiscard]] std::vector<storage::AddFile> write_quarantine_files(const std::vector<LanePart>& parts);

  private:
    void check_settings_stand() const;
    bool commit_quarantine(const std::vector<LanePart>& parts);
    bool commit_silver(const std::vector<LanePart>& parts, std::vector<storage::AddFile> adds, IdSet& ids);
    [[nodiscard]] bool touches_our_progress(const storage::Commit& other,
                                            const std::vector<LanePart>& parts) const;
    bool take_in(const storage::Commit& other, IdSet& ids) const;
    storage::AddFile write_file(const EventColumns& columns, std::size_t number,
                                model::Timestamp processing_timestamp) const;

    const catalog::DataDirectory& data_;
    const model::ShopSettings settings_;
    const bronze::EventLog& log_;
    base::WorkerPool& pool_;
    base::File commit_lock_;
    storage::DeltaTable silver_;
    storage::DeltaTable quarantine_;
    std::string run_id_;
    std::int64_t batches_ = 0;
};

}  // namespace millrace::silver
