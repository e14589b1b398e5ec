#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/units.h"
#include "base/worker_pool.h"
#include "bronze/event_log.h"
#include "catalog/data_directory.h"
#include "silver/ranges/range_result.h"
#include "silver/ranges/range_worker.h"
#include "silver/stage/batch_report.h"
#include "silver/stage/quarantined_items.h"
#include "silver/stage/silver_writer.h"
#include "silver/stage/table_memory.h"

namespace millrace::silver {

/// Commits what tasks have made of ranges: deduplicates their rows as the silver stage does, by the same ids
/// in memory, and makes one commit with the progress of the partitions. A range that the table has already is
/// left out, so that results may come twice. A range of which the table has a part, or whose rows depend on
/// what other ranges have, is processed again here. Not thread-safe.
class RangeCommitter {
  public:
    struct Options {
        base::Duration horizon = std::chrono::hours(24);  ///< how far back ids are held in memory
        std::int64_t dedupe_bytes = 1LL << 30;            ///< the memory limit of these ids
    };

    /// All arguments must outlive the committer.
    RangeCommitter(BatchSink& sink, const catalog::DataDirectory& data, const bronze::EventLog& log,
                   const model::ShopSettings& settings, const Options& options, base::WorkerPool& pool);

    /// Commits the ranges, durably. Returns the counts of what was committed; the version is no_version if
    /// the table had all of them. Throws an Error if the ranges do not continue the table's progress, or if
    /// other programs commit the same partitions all the time.
    BatchReport commit(std::vector<RangeResult> results);

  private:
    /// The number of a row in a file of a result.
    struct Place {
        std::size_t result = 0;
        std::size_t file = 0;
        std::int64_t row = 0;

        friend auto operator<=>(const Place&, const Place&) = default;
    };

    void load(const std::vector<RangeResult>& results);
    [[nodiscard]] bool continues(const std::vector<RangeResult>& results) const;
    void select(std::vector<RangeResult>& results);
    [[nodiscard]] bool is_exact(const RangeResult& result);
    RangeResult process_again(RecordRange range, bronze::Offset from);
    std::set<Place> find_copies(const std::vector<RangeResult>& results);
    void drop_copies(std::vector<RangeResult>& results);
    [[nodiscard]] LanePart part_of(const std::vector<RangeResult>& results) const;
    void count(BatchReport& report, const std::vector<RangeResult>& results) const;
    std::optional<BatchReport> try_to_commit(std::vector<RangeResult>& results);

    BatchSink& sink_;
    const catalog::DataDirectory& data_;
    const bronze::EventLog& log_;
    const model::ShopSettings& settings_;
    const Options options_;
    base::WorkerPool& pool_;
    std::unique_ptr<TableMemory> memory_;  // null until it is loaded, and again after a conflict
    std::uint32_t batch_ = 0;
    std::map<int, ItemPlaces> quarantined_;  // quarantined items past the table's progress, by partition
};

}  // namespace millrace::silver
