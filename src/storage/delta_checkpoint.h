#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "storage/delta_action.h"
#include "storage/version.h"

namespace millrace::storage {

/// A table's state at one version: the sum of its commits up to that version.
struct Snapshot {
    Version version = no_version;
    Protocol protocol;
    Metadata metadata;
    std::map<std::string, AddFile> files;  ///< live files by path
    /// Files that were removed since the checkpoint that this snapshot was read from, by path. Earlier
    /// tombstones stay in the checkpoint, because there are many and only vacuum and the next checkpoint need
    /// them: read_tombstones().
    std::map<std::string, RemoveFile> tombstones;
    std::map<std::string, Txn> txns;  ///< txns by app_id

    /// Applies the next commit.
    void apply(const Commit& commit);
    /// Returns the version of a txn, or `otherwise` if the table has no txn of this id.
    [[nodiscard]] std::int64_t txn(const std::string& app_id, std::int64_t otherwise) const;
};

/// The files of a checkpoint: a single file, or several parts.
using CheckpointParts = std::vector<std::filesystem::path>;

/// Writes `snapshot` durably as one Parquet file, together with the tombstones of the checkpoint `before`
/// that are still valid. The file has no tombstone of a file that was deleted before `tombstones_from`.
/// Returns the number of actions in the file.
std::int64_t write_checkpoint(const std::filesystem::path& path, const Snapshot& snapshot,
                              const CheckpointParts& before, base::WallTime tombstones_from);

/// Reads a checkpoint without its tombstones into a snapshot. Throws an Error if it cannot be read.
Snapshot read_checkpoint(const CheckpointParts& parts, Version version);

/// Calls `visit` for each tombstone of a checkpoint.
void read_tombstones(const CheckpointParts& parts, const std::function<void(RemoveFile&&)>& visit);

}  // namespace millrace::storage
