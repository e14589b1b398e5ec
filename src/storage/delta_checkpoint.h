#pragma once

#include <cstdint>
#include <filesystem>
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
    std::map<std::string, AddFile> files;          ///< live, by path
    std::map<std::string, RemoveFile> tombstones;  ///< removed, by path
    std::map<std::string, Txn> txns;               ///< by app_id

    /// Applies the next commit.
    void apply(const Commit& commit);
    /// The version of a txn, or `otherwise` when the table has none of that id.
    [[nodiscard]] std::int64_t txn(const std::string& app_id, std::int64_t otherwise) const;
};

/// Writes `snapshot` as one Parquet file, durably. Tombstones from before `tombstones_from_ms` are left out.
/// Returns the number of actions in it.
std::int64_t write_checkpoint(const std::filesystem::path& path, const Snapshot& snapshot,
                              std::int64_t tombstones_from_ms);

/// Reads a checkpoint's files (one, or several parts) into a snapshot. Throws an Error on what can't be read.
Snapshot read_checkpoint(const std::vector<std::filesystem::path>& parts, std::int64_t version);

}  // namespace millrace::storage
