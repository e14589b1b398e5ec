#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/units.h"
#include "storage/delta_action.h"
#include "storage/delta_checkpoint.h"

namespace millrace::storage {

/// A Delta Lake table on a POSIX file system. Each object has a snapshot of its own, which refresh() and
/// commit() move on. It writes to the table that it was opened on, and never to another one that has taken
/// its place since. Not thread-safe: a thread that needs the table opens it.
class DeltaTable {
  public:
    [[nodiscard]] static bool exists(const std::filesystem::path& root);
    /// Opens at the newest version. Throws an Error when there is no table, its log is damaged, or it needs
    /// an unsupported feature.
    static DeltaTable open(const std::filesystem::path& root);
    /// Opens the table to write, creating it when there is none; of several processes that try, one creates
    /// it. A table that lacks columns of `schema` that may be null is given them.
    static DeltaTable open_or_create(const std::filesystem::path& root, const arrow::Schema& schema,
                                     const std::vector<std::string>& partition_columns);

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }
    [[nodiscard]] const Snapshot& snapshot() const { return snapshot_; }

    /// Called with each commit of others that takes the version this one wanted; false gives up.
    using OnConflict = std::function<bool(const Commit& other)>;

    /// Moves the snapshot to the newest version, and shows each commit on the way; false when `on_commit`
    /// stopped it.
    bool refresh(const OnConflict& on_commit = {});

    /// Commits the next version, durably, and returns it. Nothing when `on_conflict` gave up, or when a file
    /// that the commit adds has gone, which is told as a warning: its writer was held up for so long that
    /// vacuum took the file for an abandoned one. Then its rows have to be written again. The snapshot
    /// includes all commits up to there. Writes a checkpoint when one is due.
    std::optional<std::int64_t> commit(Commit commit, const OnConflict& on_conflict);

    /// Keeps vacuum and commits apart: held shared while a commit checks that its files are there and names
    /// them, and exclusively while files that no commit names are removed.
    [[nodiscard]] base::File files_lock() const;

    /// The commit of a version; nothing when there is none yet, or it was cleaned up.
    [[nodiscard]] std::optional<Commit> read_commit(std::int64_t version) const;

    /// Checkpoints at the present version, whether one is due or not, and cleans up the log before it.
    void checkpoint();

    /// The removed files that the log still names, by path.
    [[nodiscard]] std::map<std::string, RemoveFile> tombstones() const;

    /// How long removed files stay, as the table's configuration says (deletedFileRetentionDuration).
    [[nodiscard]] base::Duration deleted_file_retention() const;

  private:
    explicit DeltaTable(std::filesystem::path root) : root_(std::move(root)) {}

    [[nodiscard]] std::filesystem::path log_directory() const { return root_ / "_delta_log"; }
    [[nodiscard]] std::filesystem::path commit_path(std::int64_t version) const;
    enum class Put { done, version_taken, file_gone };
    [[nodiscard]] Put put(const Commit& commit) const;
    bool pass_other_commit(const OnConflict& on_conflict);
    void load();
    void check_schema() const;
    void check_not_left_behind();
    void checkpoint_if_due();
    void note_checkpoint();
    [[nodiscard]] CheckpointParts newest_checkpoint() const;
    void clean_up_log() const;
    void adopt_schema(const arrow::Schema& schema);

    std::filesystem::path root_;
    base::File log_;  // the log's directory, by which another table in its place is told apart
    Snapshot snapshot_;
    std::int64_t base_version_ = -1;        // the checkpoint whose tombstones the snapshot's add to
    std::int64_t checkpoint_version_ = -1;  // the newest known, of other writers too
    std::int64_t checkpoint_actions_ = 0;
    std::int64_t checkpoint_ms_ = 0;
    std::int64_t refreshed_ms_ = 0;
};

/// How many of the wanted columns a table lacks, where those may be null: it is from before they were added.
/// Nothing when it isn't, but has other columns. Both schemas are Delta's JSON.
std::optional<std::size_t> lacking_columns(const std::string& present, const std::string& wanted);

/// Delta's schema JSON of an Arrow schema (string, integer, long, double, decimal, boolean, timestamp,
/// binary).
std::string delta_schema(const arrow::Schema& schema);

}  // namespace millrace::storage
