#pragma once

#include <cstdint>
#include <functional>

#include "base/units.h"
#include "base/worker_pool.h"
#include "model/shop_settings.h"
#include "silver/check.h"
#include "silver/horizon.h"
#include "silver/id_set.h"
#include "silver/stage/silver_writer.h"

namespace millrace::silver {

/// What a writer keeps in memory of the silver table, to check and to deduplicate new rows.
struct TableMemory {
    /// `id_bytes` limits the memory of the ids.
    TableMemory(const model::RuleOptions& rules, std::int64_t id_bytes, base::Duration horizon_length,
                int partitions)
        : types(rules.max_event_types),
          ids(static_cast<std::size_t>(id_bytes)),
          horizon(horizon_length, partitions) {}

    EventTypes types;
    IdSet ids;
    Horizon horizon;

    /// Loads all of it from the table's snapshot. With DedupeScope::partition, the ids of a partition
    /// are loaded if `ours` returns true for it. Runs on `pool`. Returns how many ids were read.
    std::int64_t load(const BatchSink& table, model::DedupeScope scope,
                      const std::function<bool(int partition)>& ours, base::WorkerPool& pool);

  private:
    model::Timestamp restore_horizon(const BatchSink& table, base::WorkerPool& pool);
};

/// Warns when ids of the horizon were dropped since the last call, because their memory is full.
void warn_of_full_memory(IdSet& ids);

}  // namespace millrace::silver
