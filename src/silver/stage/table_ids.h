#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "silver/horizon.h"
#include "silver/id_set.h"
#include "storage/delta_table.h"

/// What the silver table knows about event_ids.
namespace millrace::silver {

/// A table's live files, by path.
using Files = std::map<std::string, storage::AddFile>;

/// The bits of an IdHash are even already.
struct IdBits {
    std::size_t operator()(const IdHash& id) const { return id.low; }
};
using IdHashes = boost::unordered_flat_set<IdHash, IdBits>;

/// Asks which of some new events are copies of rows that the table has, though the id set hasn't their ids:
/// it has dropped those from before its floor. A row with an event's id is its original
/// - when its time lies in the part of the horizon that the set has dropped, whatever the copy's time is;
/// - when the copy is from before the floor too, and the row is of the same day, however old.
class IdQuery {
  public:
    /// The set lacks ids of events from before `floor`.
    explicit IdQuery(model::Timestamp floor) : floor_(floor) {}

    /// Asks for the id of an event of `partition`, and of `time`; the horizon began at `horizon_start`, when
    /// it came.
    void add(const IdHash& id, int partition, model::Timestamp time, model::Timestamp horizon_start);

    /// Whether the file may hold an original, by its partition columns and stats.
    [[nodiscard]] bool concerns(const storage::AddFile& file, model::DedupeScope scope) const;
    /// Whether a row of this id and time is an original.
    [[nodiscard]] bool matches(const IdHash& id, model::Timestamp time) const;

  private:
    /// Stands for the day of a copy from after the floor.
    static constexpr std::int64_t no_day = std::numeric_limits<std::int64_t>::min();

    model::Timestamp floor_;
    model::Timestamp horizon_start_ = std::numeric_limits<model::Timestamp>::max();  // the earliest
    boost::unordered_flat_map<IdHash, std::int64_t, IdBits> days_;                   // of the copies, by id
    std::set<std::int64_t> all_days_;
    std::set<int> partitions_;
};

/// The ids of `query` whose originals `files` under `root` hold. Streams the id columns of the files that may
/// hold any, on `pool`.
IdHashes find_in_files(const std::filesystem::path& root, const Files& files, const IdQuery& query,
                       model::DedupeScope scope, base::WorkerPool& pool);

/// Loads the ids within the horizon into `ids`, starts its horizon, and sets the horizon's clocks to what
/// they were. Ids that are unique by partition only are those of the partitions for which `ours` says so.
/// Runs on `pool`. Returns how many ids were read.
std::int64_t load_ids(const std::filesystem::path& root, const Files& files, IdSet& ids, Horizon& horizon,
                      model::DedupeScope scope, const std::function<bool(int partition)>& ours,
                      base::WorkerPool& pool);

/// Adds the ids of `files` to `ids` as committed; false when one is there already.
bool add_ids(const std::filesystem::path& root, const std::vector<storage::AddFile>& files, IdSet& ids);

}  // namespace millrace::silver
