#include "silver/stage/table_memory.h"

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "silver/stage/table_ids.h"

namespace millrace::silver {

/// Sets the clocks of the partitions as the table has them. Returns the start of the horizon.
model::Timestamp TableMemory::restore_horizon(const BatchSink& table, base::WorkerPool& pool) {
    const storage::Snapshot& snapshot = table.snapshot();
    const catalog::LogIdentity log = table.identity();
    bool is_known = false;
    bool is_missing = false;
    for (int p = 0; p < horizon.partitions(); ++p) {
        const auto progress = catalog::stored_progress(snapshot, log, p);
        const bool has_rows = progress && progress->silver_rows() > 0;
        horizon.restore(p, has_rows ? progress->clock : std::nullopt);
        if (has_rows) (progress->clock ? is_known : is_missing) = true;
    }
    if (is_missing || !is_known) advance_by_rows(table.root(), snapshot.files, horizon, pool);
    return horizon.earliest_start();
}

std::int64_t TableMemory::load(const BatchSink& table, model::DedupeScope scope,
                               const std::function<bool(int partition)>& ours, base::WorkerPool& pool) {
    const base::Stopwatch watch;
    const storage::Snapshot& snapshot = table.snapshot();
    std::set<std::string, std::less<>> known;
    for (const auto& [path, add] : snapshot.files) known.emplace(storage::partition_value(add, "event_type"));
    types.assign(std::move(known));
    const std::int64_t loaded =
        load_ids(table.root(), snapshot.files, ids, restore_horizon(table, pool), scope, ours, pool);
    if (loaded > 0)
        spdlog::info("silver: resumed at version {}, {} ids in {:.2f} s", snapshot.version, loaded,
                     watch.seconds());
    return loaded;
}

void warn_of_full_memory(IdSet& ids) {
    if (!ids.floor_raised()) return;
    spdlog::warn(
        "silver: the dedupe memory is full: it holds the ids of events from {} on; each batch reads "
        "the older ids of the horizon from the table, which is slow (raise --dedupe-memory, or shorten "
        "--horizon)",
        model::format_timestamp(ids.floor()));
}

}  // namespace millrace::silver
