#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "catalog/partition_progress.h"
#include "storage/delta_table.h"

namespace millrace::silver {

/// What a replay does with a file of the tables that it replaces.
enum class FileFate {
    kept,      ///< the log holds none of its records any more: it stays
    replaced,  ///< the log holds all of its records: it goes
    split,     ///< the log holds some of its records: the rows of the others stay, in a file of their own
};

/// Decides by the file's stats. `epoch` is the log's, and `starts` is where the log begins, by partition.
/// Throws an Error when the stats do not tell a silver file's partitions, epoch and offsets, or when it mixes
/// epochs. `doing` is what the Error says was being done.
FileFate fate_of_silver_file(const storage::AddFile& add, int epoch,
                             const std::vector<bronze::Offset>& starts, const std::string& doing);
/// Decides by the file's stats; a file whose stats do not tell is kept. Throws an Error when the file would
/// have to be split: its rows from before the log's beginning would be lost.
FileFate fate_of_quarantine_file(const storage::AddFile& add, int epoch,
                                 const std::vector<bronze::Offset>& starts, const std::string& doing);

/// The tables that a replay replaces, and which of their files stay and which go. Not thread-safe.
class OldTables {
  public:
    /// Opens both tables, which must exist, and remembers where the log begins. `data` and `log` must outlive
    /// it.
    OldTables(const catalog::DataDirectory& data, const bronze::EventLog& log);

    /// Opens the newest version of both tables. Throws an Error when silver has taken the log for a new one.
    void reopen();
    /// Splits the files of both tables into those that stay and those that go. `ours` are quarantine files
    /// that this replay has committed: they are neither. Writes the rows that stay of a file that is split.
    void split_files(const std::set<std::string>& ours);

    [[nodiscard]] storage::DeltaTable& silver() { return silver_; }
    [[nodiscard]] const storage::DeltaTable& silver() const { return silver_; }
    [[nodiscard]] storage::DeltaTable& quarantine() { return quarantine_; }
    [[nodiscard]] const storage::DeltaTable& quarantine() const { return quarantine_; }
    /// The log as the tables identified it when they were first opened.
    [[nodiscard]] const catalog::LogIdentity& identity() const { return identity_; }
    [[nodiscard]] int partitions() const { return static_cast<int>(starts_.size()); }
    [[nodiscard]] catalog::PartitionProgress progress(int partition) const;
    /// The progress that the replay continues from, by partition: where the log began, with the counts of the
    /// rows that stay. Throws an Error when the log is not the one that the tables were made from.
    [[nodiscard]] std::vector<catalog::PartitionProgress> start_progress() const;
    [[noreturn]] void refuse_new_epoch() const;

    /// The silver files that stay, by path.
    [[nodiscard]] const std::map<std::string, storage::AddFile>& kept_files() const { return kept_; }
    [[nodiscard]] std::int64_t kept_rows() const { return kept_rows_; }
    /// Files among kept_files() that hold the rows that stay of files that go.
    [[nodiscard]] std::vector<storage::AddFile> split_off_files() const;
    [[nodiscard]] const std::vector<storage::RemoveFile>& silver_removes() const { return silver_removes_; }
    [[nodiscard]] const std::vector<storage::RemoveFile>& quarantine_removes() const {
        return quarantine_removes_;
    }

  private:
    void split_silver_file(const storage::AddFile& add);
    void keep(const storage::AddFile& add);
    [[nodiscard]] std::optional<storage::AddFile> write_rows_before_start(const storage::AddFile& add) const;
    [[nodiscard]] catalog::PartitionProgress start_progress_of(int partition, std::int64_t kept_rows) const;
    [[nodiscard]] std::vector<std::int64_t> kept_rows_by_partition() const;

    const catalog::DataDirectory& data_;
    const bronze::EventLog& log_;
    storage::DeltaTable silver_;
    storage::DeltaTable quarantine_;
    const catalog::LogIdentity identity_;
    const std::vector<bronze::Offset> starts_;  // by partition: where the log began when the replay did
    // By the path of the file that was split; nothing where no row of it stays.
    std::map<std::string, std::optional<storage::AddFile>> split_off_;
    std::map<std::string, storage::AddFile> kept_;
    std::int64_t kept_rows_ = 0;
    std::vector<storage::RemoveFile> silver_removes_;
    std::vector<storage::RemoveFile> quarantine_removes_;
};

}  // namespace millrace::silver
