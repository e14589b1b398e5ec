#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>

#include "backup/file_copier.h"
#include "storage/version.h"

namespace millrace::backup {

/// Of a table that nobody follows.
inline constexpr storage::Version no_follower{std::numeric_limits<std::int64_t>::max()};

/// Copies a Delta table at its newest version: the log, the files that are live, and the files of the commits
/// after `followed_from`, which a follower has not taken in yet. `table` is relative to the copier's
/// directories. Returns the version, or -1 when there is no table. Throws an Error when files of the table
/// are removed during each of several attempts.
storage::Version copy_table(FileCopier& copier, const std::filesystem::path& table,
                            storage::Version followed_from = no_follower);

}  // namespace millrace::backup
