#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "base/worker_pool.h"
#include "gold/events.h"
#include "storage/delta_action.h"

namespace millrace::gold {

/// Takes some rows, and the earliest event time that rows still to come can have. It may change the rows.
using VisitRows = std::function<void(Events& rows, model::Timestamp left)>;

/// Reads the rows of silver files as Gold's events. It reads several files in parallel, the earliest first,
/// and some rows of each at a time, so that memory does not grow with the size of the files. Throws an Error
/// that names the file.
void read_silver_rows(const std::filesystem::path& root, const std::vector<storage::AddFile>& files,
                      Strings& strings, base::WorkerPool& pool, const VisitRows& visit);

/// Does so for what tells who the visitors were: links, and events with a time and a user only.
void read_silver_visitors(const std::filesystem::path& root, const std::vector<storage::AddFile>& files,
                          Strings& strings, base::WorkerPool& pool, const VisitRows& visit);

/// Reads links, and only the files that may have some.
void read_silver_links(const std::filesystem::path& root, const std::vector<storage::AddFile>& files,
                       Strings& strings, base::WorkerPool& pool, const VisitRows& visit);

}  // namespace millrace::gold
