#pragma once

#include <set>
#include <string>
#include <vector>

#include "silver/stage/old_tables.h"
#include "silver/stage/silver_writer.h"

namespace millrace::silver {

/// The tables that a replay makes: it writes the files of each batch, and commits none of them. The silver
/// stage sees it as a table that grows with each batch. Not thread-safe.
class RebuiltTables : public BatchSink {
  public:
    /// `old` and `writer` must outlive it. The writer only writes files.
    RebuiltTables(const OldTables& old, SilverWriter& writer);

    void refresh() override {}
    [[nodiscard]] const storage::Snapshot& snapshot() const override { return snapshot_; }
    [[nodiscard]] const std::filesystem::path& root() const override { return old_.silver().root(); }
    [[nodiscard]] catalog::LogIdentity identity() const override { return old_.identity(); }
    /// Throws an Error: a replay is of one log.
    void begin_epoch() override { old_.refuse_new_epoch(); }
    [[nodiscard]] catalog::PartitionProgress progress(int partition) const override;
    [[nodiscard]] ItemPlaces quarantined(int, bronze::Offset) const override { return {}; }
    [[nodiscard]] Files live_files() const override { return snapshot_.files; }
    [[nodiscard]] WrittenFiles write(const std::vector<LanePart>& parts) override {
        return writer_.write(parts);
    }
    bool commit(const std::vector<LanePart>& parts, WrittenFiles files, IdSet& ids,
                BatchReport& report) override;

    /// Notes which of its quarantine files the quarantine table has by now: those that were committed in a
    /// round whose silver commit failed.
    void note_committed(const storage::Snapshot& quarantine);
    /// Takes over the files that stay of the old silver table, after OldTables::split_files().
    void take_kept_files();
    /// Continues from the counts of the rows that stay.
    void start_progress();
    /// How many records the old tables have processed that these have not.
    [[nodiscard]] std::int64_t records_behind() const;

    [[nodiscard]] const std::vector<storage::AddFile>& silver_adds() const { return silver_adds_; }
    [[nodiscard]] const std::vector<storage::AddFile>& quarantine_adds() const { return quarantine_adds_; }
    /// The paths of its quarantine files that are committed.
    [[nodiscard]] const std::set<std::string>& quarantine_committed() const { return quarantine_committed_; }

    /// The records of all batches.
    struct Counts {
        std::int64_t received = 0;
        std::int64_t items = 0;
        std::int64_t duplicates = 0;
        std::int64_t quarantined = 0;
        std::int64_t ignored = 0;
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }

  private:
    const OldTables& old_;
    SilverWriter& writer_;
    storage::Snapshot snapshot_;                        // the files that stay and those of the batches
    std::vector<catalog::PartitionProgress> progress_;  // by partition
    std::vector<storage::AddFile> silver_adds_;
    std::vector<storage::AddFile> quarantine_adds_;  // not committed yet
    std::set<std::string> quarantine_committed_;
    Counts counts_;
};

}  // namespace millrace::silver
