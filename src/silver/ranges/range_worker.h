#pragma once

#include <cstdint>
#include <optional>

#include "base/worker_pool.h"
#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "silver/check.h"
#include "silver/ranges/range_result.h"
#include "silver/stage/batch_files.h"
#include "silver/stage/column_pool.h"
#include "silver/stage/lane.h"
#include "silver/stage/quarantined_items.h"

namespace millrace::silver {

/// Processes a range of records as a lane of the silver stage does: reads, decodes and checks them, drops
/// copies of events of the range, and writes the rows into data files. Copies of events of other ranges are
/// left to the committer (range_committer.h). Not thread-safe.
class RangeWorker {
  public:
    /// What all ranges of a table have in common.
    struct Context {
        const catalog::DataDirectory& data;
        const bronze::EventLog& log;
        const model::ShopSettings& settings;
        EventTypes& types;  ///< the types that the table has
        base::WorkerPool& pool;
    };

    /// `quarantined` are items of the range that the quarantine table already has. The objects of the context
    /// must outlive the worker. Throws an Error if the log ends before the range does.
    RangeWorker(const Context& context, const RecordRange& range, ItemPlaces quarantined = {});

    /// Processes the next records and writes their rows. Returns how many records these were, or nothing when
    /// the range has ended. Throws an Error if the log gives no record for a minute.
    std::optional<std::int64_t> step();

    /// Returns what was made of the range, once step() has returned nothing.
    [[nodiscard]] RangeResult finish() { return std::move(result_); }

  private:
    void fill();
    void write(LanePart part);

    const Context context_;
    IdSet ids_;
    Horizon horizon_;
    ColumnPool columns_;
    Lane lane_;
    BatchFiles files_;
    RangeResult result_;
};

/// Processes a whole range.
[[nodiscard]] RangeResult process_range(const RangeWorker::Context& context, const RecordRange& range,
                                        ItemPlaces quarantined = {});

}  // namespace millrace::silver
