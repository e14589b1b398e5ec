#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/stop.h"
#include "base/worker_pool.h"
#include "catalog/data_directory.h"
#include "gold/output.h"
#include "gold/stage/day_range.h"
#include "gold/stage/gold_comparison.h"
#include "gold/window.h"
#include "model/time_zone.h"
#include "storage/delta_table.h"

namespace millrace::gold {

struct BatchLayerReport {
    std::int64_t events = 0;  ///< read, those of the days beside included
    std::int64_t rows = 0;    ///< published
    std::int64_t silver_version = -1;
    double seconds = 0;

    [[nodiscard]] base::json::object to_json() const;
};

/// The batch layer: computes Gold's rows of some days anew from the silver table, with the operators of the
/// speed layer. What that one hasn't closed yet stays open, and its provisional rows stay as they are;
/// sessions and the funnel of a day are left to it until no session of the day can be open, from the second
/// midnight after it on. Events are taken in by time and rows written as they come, so that the memory is
/// that of open windows and sessions.
class BatchLayer {
  public:
    BatchLayer(const catalog::DataDirectory& data, const model::ShopSettings& settings,
               base::WorkerPool& pool);

    /// Days that silver has events of; nothing in an empty table.
    [[nodiscard]] std::optional<DayRange> all_days() const;

    /// Puts the rows of the days in place of those that the tables have, a few days at a time. Throws an
    /// Error when `stop` is requested: days that were replaced stay so.
    BatchLayerReport replace(DayRange days, const base::StopSignal& stop);

    /// The cells in which the tables and these rows differ in some days, up to `limit`. Like replace() it
    /// throws an Error when the tables' files change faster than it works.
    std::vector<GoldDifference> reconcile(DayRange days, std::size_t limit);

  private:
    void look();
    [[nodiscard]] std::int64_t sealed_end() const;
    [[nodiscard]] std::int64_t compute(DayRange days, Output& output,
                                       const std::function<void()>& progressed);
    void show_rows(DayRange days, const VisitGoldRows& visit);

    const catalog::DataDirectory& data_;
    const model::ShopSettings settings_;
    base::WorkerPool& pool_;
    const model::TimeZone zone_;
    storage::DeltaTable silver_;
    base::File lock_;                      // of the stage
    std::unique_lock<base::File> alone_;   // taken where there is no state that tells what it has done
    std::int64_t published_version_ = -1;  // of silver, up to which the speed layer has published
    Timestamp watermark_ = no_watermark;   // that it had closed windows up to then
};

}  // namespace millrace::gold
