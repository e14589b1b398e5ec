#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/stop.h"
#include "base/task.h"
#include "base/worker_pool.h"
#include "catalog/data_directory.h"
#include "gold/stage/batch_layer.h"
#include "gold/stage/late_days.h"
#include "model/shop_settings.h"
#include "model/time_zone.h"

namespace millrace::gold {

/// Corrects late days in the background of a live pipeline: it recomputes their rows by the batch layer and
/// replaces them, one correction at a time, and works at most a quarter of the time of one core. After a
/// correction, its days rest for forty times as long as the work took, so that further late events wait
/// together for the next one; while only few late events wait, all days rest. Days that wait because visitors
/// logged in rest for a quarter of an hour at least. The functions are for one thread.
class DayCorrector {
  public:
    /// `data` must outlive the object.
    DayCorrector(const catalog::DataDirectory& data, model::ShopSettings settings)
        : data_(data), settings_(std::move(settings)), zone_(settings_.time_zone) {}
    /// Ends a correction that is under way; its days stay late.
    ~DayCorrector() = default;
    DayCorrector(const DayCorrector&) = delete;
    DayCorrector& operator=(const DayCorrector&) = delete;

    /// Starts the next correction, unless one is under way, no day is late, or it is time to rest. The speed
    /// layer must have published all windows that are closed at `position`.
    void start(const LateDays& late, const PublishedPosition& position);
    [[nodiscard]] bool busy() const { return work_ != nullptr; }
    /// Takes a correction that has ended out of the late days. Returns the number of rows that it has
    /// published, or nothing when none has ended successfully. A failure is logged as a warning; it is tried
    /// again.
    std::optional<std::int64_t> take_result(LateDays& late);
    /// Corrects all late days that can be corrected, without rests, unless a stop is requested: then they
    /// stay late. Returns the number of rows that were published. No correction may be under way. `pool`
    /// computes and encodes. A failure is logged as a warning.
    std::int64_t correct_all(LateDays& late, const PublishedPosition& position, base::WorkerPool& pool,
                             const base::StopSignal& stop) const;
    /// Ends a correction that is under way, and waits for its end. It may have replaced its rows already:
    /// take_result() tells.
    void cancel();

  private:
    using Instant = std::chrono::steady_clock::time_point;
    /// A correction that is under way.
    struct Work {
        Correction correction;
        PublishedPosition position;
        LateDays before;                       ///< the late days when it began
        std::optional<std::int64_t> rows;      ///< once it has replaced the rows
        std::chrono::duration<double> took{};  ///< without the pauses
        base::Task task;                       ///< the last member, so that the destructor waits for it first
    };

    void rest_after(const Work& work);
    [[nodiscard]] std::optional<std::int64_t> correct(BatchLayer& batch, const Correction& correction,
                                                      const PublishedPosition& position,
                                                      const base::StopSignal& stop) const;

    const catalog::DataDirectory& data_;
    const model::ShopSettings settings_;
    const model::TimeZone zone_;
    std::unique_ptr<Work> work_;
    Instant rest_until_{};                                          // while only few late events wait
    std::map<std::pair<TableGroup, std::int64_t>, Instant> rests_;  // the end of the rest of each day
};

}  // namespace millrace::gold
