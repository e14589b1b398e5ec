#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/worker_pool.h"
#include "silver/horizon.h"
#include "silver/id_set.h"
#include "storage/delta_table.h"

/// What the silver table knows about event_ids.
namespace millrace::pipeline {

/// An event_id together with the day of its event.
struct DatedId {
    silver::IdHash id;
    std::int64_t day = 0;

    friend bool operator==(const DatedId&, const DatedId&) = default;
};
struct DatedIdHash {
    std::size_t operator()(const DatedId& dated) const {
        return dated.id.low ^ static_cast<std::size_t>(dated.day);
    }
};
using DatedIds = std::unordered_set<DatedId, DatedIdHash>;

/// A table's live files, by path.
using Files = std::map<std::string, storage::AddFile>;

/// Those of `wanted` that `files` under `root` hold, found by streaming the id column of their days.
DatedIds find_in_files(const std::filesystem::path& root, const Files& files, const DatedIds& wanted,
                       silver::DedupeScope scope);

/// Loads the ids within the horizon into `ids`, sets its floor, and sets the horizon's clocks to what they
/// were. Ids that are unique by partition only are those of the partitions for which `ours` says so. Runs on
/// `pool`. Returns how many ids were read.
std::int64_t load_ids(const std::filesystem::path& root, const Files& files, silver::IdSet& ids,
                      silver::Horizon& horizon, silver::DedupeScope scope,
                      const std::function<bool(int partition)>& ours, base::WorkerPool& pool);

/// Adds the ids of `files` to `ids` as committed; false when one is there already.
bool add_ids(const std::filesystem::path& root, const std::vector<storage::AddFile>& files,
             silver::IdSet& ids);

}  // namespace millrace::pipeline
