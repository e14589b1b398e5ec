#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "silver/ranges/range_result.h"
#include "storage/delta_action.h"

namespace millrace::silver {

/// Writes a data file of the silver table under `root` once more without some rows, whose numbers ascend, and
/// durably. `file` becomes the entry of the new file, with an empty path if no row is left. The old file is
/// removed; no commit may name it.
void drop_rows(const std::filesystem::path& root, storage::AddFile& file,
               const std::vector<std::int64_t>& rows);

/// Removes the ids of some rows, whose numbers ascend.
void drop_rows(FileIds& ids, const std::vector<std::int64_t>& rows);

}  // namespace millrace::silver
