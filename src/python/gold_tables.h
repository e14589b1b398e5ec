#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "gold/events.h"
#include "gold/output.h"
#include "model/shop_settings.h"
#include "model/time_zone.h"
#include "python/rows.h"

namespace millrace::python {

/// Computes Gold's tables of rows of Silver, as the batch layer does (gold::BatchLayer). All events are kept
/// until finish(). Not thread-safe.
class GoldTables {
  public:
    /// Throws an Error for a time zone that is not known.
    GoldTables(const std::string& time_zone, const model::GoldOptions& options);
    ~GoldTables();
    GoldTables(const GoldTables&) = delete;
    GoldTables& operator=(const GoldTables&) = delete;

    /// Adds rows with the silver table's columns, of any event types and in any order. A column that can be
    /// null may be missing. Throws an Error that names a column that is missing, or has another type.
    void add(const arrow::RecordBatch& silver);
    /// Returns the rows of each table, by its name, as if all windows and sessions had ended, and forgets the
    /// events.
    [[nodiscard]] std::map<std::string, Rows> finish();

  private:
    class Computation;

    const model::TimeZone zone_;
    const model::GoldOptions options_;
    base::WorkerPool pool_;
    std::unique_ptr<Computation> computation_;
};

}  // namespace millrace::python
