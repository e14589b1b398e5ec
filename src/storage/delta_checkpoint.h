#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "storage/delta_action.h"

namespace millrace::storage {

/// A table's state at one version: what its commits up to there add up to.
struct Snapshot {
    std::int64_t version = -1;
    Protocol protocol;
    Metadata metadata;
    std::map<std::string, AddFile> files;  ///< live, by path
    /// Removed since the checkpoint that it was read from, by path. Earlier ones stay in that file, since
    /// there are many and only vacuum and the next checkpoint need them: read_tombstones().
    std::map<std::string, RemoveFile> tombstones;
    std::map<std::string, Txn> txns;  ///< by app_id

    /// Applies the next commit.
    void apply(const Commit& commit);
    /// The version of a txn, or `otherwise` when the table has none of that id.
    [[nodiscard]] std::int64_t txn(const std::string& app_id, std::int64_t otherwise) const;
};

/// The files of a checkpoint: one, or several parts.
using CheckpointParts = std::vector<std::filesystem::path>;

/// Writes `snapshot` as one Parquet file, durably, with the tombstones of the checkpoint `before` that still
/// stand. Tombstones from before `tombstones_from_ms` are left out. Returns the number of actions in it.
std::int64_t write_checkpoint(const std::filesystem::path& path, const Snapshot& snapshot,
                              const CheckpointParts& before, std::int64_t tombstones_from_ms);

/// Reads a checkpoint into a snapshot, but for its tombstones. Throws an Error on what can't be read.
Snapshot read_checkpoint(const CheckpointParts& parts, std::int64_t version);

/// Calls `visit` for each of a checkpoint's tombstones.
void read_tombstones(const CheckpointParts& parts, const std::function<void(RemoveFile&&)>& visit);

}  // namespace millrace::storage
