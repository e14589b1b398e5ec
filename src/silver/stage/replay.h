#pragma once

#include <map>
#include <set>
#include <vector>

#include "silver/stage/silver_stage.h"
#include "storage/file_stats.h"

namespace millrace::silver {

struct ReplayReport {
    std::int64_t received = 0;  ///< records of the log that were processed again
    std::int64_t silver = 0;
    std::int64_t duplicates = 0;
    std::int64_t quarantined = 0;
    std::int64_t kept_rows = 0;  ///< silver rows whose records the log no longer holds: they stay
    std::int64_t version = -1;
};

/// Makes the tables anew from what the log still holds, with `settings`. Readers see the old table until one
/// commit puts the new one in its place; a writer that runs meanwhile waits for the last part of it, gives up
/// its batch then, and continues from the new one. Throws an Error, and changes nothing, when rows would be
/// lost.
class Replay : private BatchSink {
  public:
    Replay(const catalog::DataDirectory& data, const bronze::EventLog& log,
           const model::ShopSettings& settings, const SilverOptions& options);

    ReplayReport run(const base::StopSignal& stop, const BatchCommitter::OnBatch& on_batch);

  private:
    void refresh() override {}
    [[nodiscard]] const storage::Snapshot& snapshot() const override { return fresh_; }
    [[nodiscard]] const std::filesystem::path& root() const override { return silver_.root(); }
    [[nodiscard]] catalog::LogIdentity identity() const override { return identity_; }
    void begin_epoch() override;
    [[nodiscard]] catalog::PartitionProgress progress(int partition) const override;
    [[nodiscard]] std::set<bronze::Offset> quarantined(int, bronze::Offset) const override { return {}; }
    [[nodiscard]] Files live_files() const override { return fresh_.files; }
    bool commit(const std::vector<LanePart>& parts, IdSet& ids, BatchReport& report) override;

    void split_old_files();
    void split_silver_files();
    void split_quarantine_files();
    void keep(const storage::AddFile& add);
    storage::AddFile keep_rows_before(const storage::AddFile& add, bronze::Offset start);
    void start_progress();
    [[nodiscard]] std::int64_t left_behind() const;
    void catch_up(const base::StopSignal& stop, const BatchCommitter::OnBatch& on_batch);
    [[nodiscard]] storage::Commit silver_commit() const;
    void check_nothing_missing() const;
    void check_files_there() const;
    bool put_in_place();

    const catalog::DataDirectory& data_;
    const bronze::EventLog& log_;
    const model::ShopSettings& settings_;
    SilverOptions options_;
    base::WorkerPool pool_;
    SilverWriter writer_;  // writes the files; its tables are only committed to at the end
    storage::DeltaTable silver_;
    storage::DeltaTable quarantine_;
    const catalog::LogIdentity identity_;
    storage::Snapshot fresh_;                           // the new table: grows with each batch
    std::vector<catalog::PartitionProgress> progress_;  // by partition
    std::vector<bronze::Offset> starts_;                // likewise: where the log began when the rebuild did
    std::vector<storage::AddFile> rebuilt_;
    std::vector<storage::AddFile> quarantine_adds_;
    std::set<std::string> quarantine_committed_;     // of them, in rounds before
    std::map<std::string, storage::AddFile> rests_;  // of old files: their rows from before the start
    std::vector<storage::RemoveFile> silver_removes_;
    std::vector<storage::RemoveFile> quarantine_removes_;
    ReplayReport report_;
};

}  // namespace millrace::silver
