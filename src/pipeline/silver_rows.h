#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "base/worker_pool.h"
#include "gold/events.h"
#include "storage/delta_action.h"

namespace millrace::pipeline {

/// Reads the rows of silver files as Gold's events: several files at once, some rows of each at a time, so
/// that memory is bounded however large they are. `visit` is called from the calling thread, in no set order
/// of rows. Throws an Error that names the file.
void read_silver_rows(const std::filesystem::path& root, const std::vector<storage::AddFile>& files,
                      gold::Strings& strings, base::WorkerPool& pool,
                      const std::function<void(const gold::Events&)>& visit);

}  // namespace millrace::pipeline
