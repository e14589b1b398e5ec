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

/// Lookup of event ids in the silver table.
namespace millrace::silver {

/// The live files of a table, by path.
using Files = std::map<std::string, storage::AddFile>;

/// A hash function that returns bits of the IdHash, which are already evenly distributed.
struct IdBits {
    std::size_t operator()(const IdHash& id) const { return id.low; }
};
using IdHashes = boost::unordered_flat_set<IdHash, IdBits>;

/// Asks which of a set of new events have their original in the table although the id set does not have their
/// ids, because it has dropped ids below its floor. A row with the id of an event is its original in two
/// cases:
/// - The time of the row lies in the part of the horizon that the set has dropped, whatever the time of the
///   new event is.
/// - The new event is from before the floor, too, and the row is of the same day, however old.
class IdQuery {
  public:
    /// `floor` is the floor of the id set: ids of events before it may be missing.
    explicit IdQuery(model::Timestamp floor) : floor_(floor) {}

    /// Adds a new event of `partition` and `time` to the query. `horizon_start` is the start of the horizon
    /// when its record was read.
    void add(const IdHash& id, model::Timestamp time, int partition, model::Timestamp horizon_start);

    /// Returns true if the file may hold an original, according to its partition columns and statistics.
    [[nodiscard]] bool concerns(const storage::AddFile& file, model::DedupeScope scope) const;
    /// Returns true if a row of this id and time is an original.
    [[nodiscard]] bool matches(const IdHash& id, model::Timestamp time) const;

  private:
    /// Marks a new event that is not from before the floor, whose day does not matter.
    static constexpr std::int64_t no_day = std::numeric_limits<std::int64_t>::min();

    model::Timestamp floor_;
    // The earliest of all new events.
    model::Timestamp horizon_start_ = model::Timestamp::max();
    boost::unordered_flat_map<IdHash, std::int64_t, IdBits> days_;  // the day of each new event, by id
    std::set<std::int64_t> all_days_;
    std::set<int> partitions_;
};

/// Returns the ids of `query` whose originals are in `files` under `root`. Scans the id columns of the files
/// that may hold an original, on `pool`.
IdHashes find_in_files(const std::filesystem::path& root, const Files& files, const IdQuery& query,
                       model::DedupeScope scope, base::WorkerPool& pool);

/// Advances the clocks of `horizon` by all rows of a table, whose progress lacks them: it is of an earlier
/// version, or of an earlier topic. Runs on `pool`.
void advance_by_rows(const std::filesystem::path& root, const Files& files, Horizon& horizon,
                     base::WorkerPool& pool);

/// Loads the ids of events from `floor` on, where the horizon starts, into `ids`. With
/// DedupeScope::partition, only partitions for which `ours` returns true are loaded. Runs on `pool`. Returns
/// how many ids were read.
std::int64_t load_ids(const std::filesystem::path& root, const Files& files, IdSet& ids,
                      model::Timestamp floor, model::DedupeScope scope,
                      const std::function<bool(int partition)>& ours, base::WorkerPool& pool);

/// Adds the ids of `files` to `ids` as committed. Returns false if `ids` already has one of them.
bool add_ids(const std::filesystem::path& root, const std::vector<storage::AddFile>& files, IdSet& ids);

}  // namespace millrace::silver
