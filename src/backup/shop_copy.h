#pragma once

#include <filesystem>
#include <optional>

#include "backup/file_copier.h"
#include "base/json.h"
#include "catalog/data_directory.h"
#include "storage/version.h"

namespace millrace::backup {

/// What a copy of a shop holds.
struct ShopCopy {
    CopiedFiles files;
    storage::Version silver_version = storage::no_version;  ///< -1 where there is no silver table
    double seconds = 0;

    [[nodiscard]] base::json::object to_json() const;
};

/// The file that marks a directory as a backup and says when it was made.
inline constexpr const char* backup_mark = "backup.json";

/// Copies a shop as it is at one moment, while other processes may work on it: settings, Gold, silver,
/// quarantine, archive and log. A stage never holds anything that the stage before it lacks, since they are
/// copied from the last to the first. So a process that starts on the copy goes on where the copy's tables
/// end, exactly once.
///
/// Files that never change again are hard links where the file system has them. `bronze` is the folder of the
/// log, or nothing where the log is in Kafka. The copy appears under `to` when it is complete and on disk;
/// `to` must not exist, or be an empty directory. Throws a usage Error otherwise, and an Error when files
/// vanish faster than they can be copied.
ShopCopy copy_shop(const catalog::DataDirectory& from, const std::optional<std::filesystem::path>& bronze,
                   const std::filesystem::path& to, const FileCopier::OnFile& on_file);

/// Copies a backup to a new data directory as copy_shop() copies a shop. It writes nothing into the backup,
/// which may lie on a disk that cannot be written.
ShopCopy copy_backup(const catalog::DataDirectory& backup, const std::filesystem::path& to,
                     const FileCopier::OnFile& on_file);

/// Writes the mark of a backup into a copy.
void mark_backup(const std::filesystem::path& copy, const ShopCopy& made);
/// Throws a usage Error unless the directory is a complete backup. Removes nothing.
void check_backup(const std::filesystem::path& directory);

}  // namespace millrace::backup
