#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "storage/delta_action.h"
#include "storage/delta_checkpoint.h"

namespace millrace::storage {

/// Which commits stay in a log although a later checkpoint includes them.
struct LogPolicy {
    std::int64_t newest = 0;                                   ///< so many of the newest stay,
    base::Duration guaranteed{};                               ///< those that were made less than this ago,
    Version needed{std::numeric_limits<std::int64_t>::max()};  ///< and those from this version on
};

/// A Delta Lake table on a POSIX file system. Each object has its own snapshot, which refresh() and commit()
/// advance. The object writes only to the table that it opened, never to another table that has replaced it.
/// Not thread-safe: each thread that needs the table opens its own object.
class DeltaTable {
  public:
    [[nodiscard]] static bool exists(const std::filesystem::path& root);
    /// Opens the table at the newest version. Throws an Error if there is no table, if its log is damaged, or
    /// if it needs an unsupported feature.
    static DeltaTable open(const std::filesystem::path& root);
    /// Opens the table for writing. Creates it if it does not exist; if several processes try, one of them
    /// creates it. If the table lacks nullable columns of `schema`, they are added.
    static DeltaTable open_or_create(const std::filesystem::path& root, const arrow::Schema& schema,
                                     const std::vector<std::string>& partition_columns);

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }
    [[nodiscard]] const Snapshot& snapshot() const { return snapshot_; }

    /// Called with each commit of another writer that took the version of this commit. Return false to give
    /// up.
    using OnConflict = std::function<bool(const Commit& other)>;

    /// Advances the snapshot to the newest version and calls `on_commit` for each commit on the way. Returns
    /// false if `on_commit` stopped it, or if it was given and commits on the way were cleaned up.
    bool refresh(const OnConflict& on_commit = {});

    /// Commits the next version durably and returns it. Returns nullopt if `on_conflict` gave up, or if
    /// commits of others were cleaned up before this object has seen them. Also returns nullopt, with a
    /// warning in the log, if a file that the commit adds is gone: its writer was suspended for so long that
    /// vacuum took the file for an abandoned one. The caller must then write the rows again. The snapshot
    /// includes all commits up to the returned version. Writes a checkpoint if one is due.
    std::optional<Version> commit(Commit commit, const OnConflict& on_conflict);

    /// Returns the lock that keeps vacuum and commits apart. A commit holds it shared while it checks that
    /// its files exist and adds them to the log. Vacuum holds it exclusively while it removes files that no
    /// commit names.
    [[nodiscard]] base::File files_lock() const;

    /// Sets how long the object may go without a look at the log before it looks for commits that it has
    /// missed (30 s). It must be far shorter than the time for which commits are kept.
    void look_for_missed_commits_after(base::Duration pause) { pause_ = pause; }

    /// Returns the commit of a version, or nullopt if it does not exist yet or was cleaned up.
    [[nodiscard]] std::optional<Commit> read_commit(Version version) const;

    /// Writes a checkpoint of the current version, whether one is due or not.
    void checkpoint();
    /// Removes commits and checkpoints from the log, except those that the policy keeps, and returns how many
    /// files it removed. Every version from the oldest checkpoint that is left on stays readable.
    std::int64_t clean_up_log(const LogPolicy& policy) const;

    /// Returns the removed files that the log still names, by path.
    [[nodiscard]] std::map<std::string, RemoveFile> tombstones() const;

    /// Returns how long removed files are kept at least, from the table's configuration
    /// (deletedFileRetentionDuration).
    [[nodiscard]] base::Duration deleted_file_retention() const;
    /// Returns how long commits are kept at least, from the table's configuration (logRetentionDuration).
    [[nodiscard]] base::Duration log_retention() const;
    /// Returns how long the log names removed files. They may stay for so long, if they are few.
    [[nodiscard]] base::Duration tombstone_retention() const;

  private:
    explicit DeltaTable(std::filesystem::path root) : root_(std::move(root)) {}

    [[nodiscard]] std::filesystem::path log_directory() const { return root_ / "_delta_log"; }
    [[nodiscard]] std::filesystem::path commit_path(Version version) const;
    enum class Put { done, version_taken, file_gone, left_behind };
    [[nodiscard]] Put put(const Commit& commit) const;
    bool pass_other_commit(const OnConflict& on_conflict);
    void load();
    void check_schema() const;
    [[nodiscard]] bool is_left_behind();
    void checkpoint_if_due();
    void note_checkpoint();
    [[nodiscard]] CheckpointParts newest_checkpoint() const;
    void adopt_schema(const arrow::Schema& schema);

    std::filesystem::path root_;
    base::File log_;  // the log's directory, to detect that another table has replaced this one
    Snapshot snapshot_;
    // The version of the checkpoint that holds the tombstones which snapshot_ leaves out.
    Version base_version_ = no_version;
    Version checkpoint_version_ = no_version;  // the newest known checkpoint, also of other writers
    std::int64_t checkpoint_actions_ = 0;
    base::WallTime checkpoint_time_;
    base::WallTime refreshed_at_;
    base::Duration pause_ = std::chrono::seconds(30);
};

/// Returns how many of the `wanted` columns a table lacks if the missing columns are nullable, which means
/// that the table is older than the columns. Returns nullopt if the table has other columns. Both schemas are
/// Delta's JSON.
std::optional<std::size_t> lacking_columns(const std::string& present, const std::string& wanted);

}  // namespace millrace::storage
