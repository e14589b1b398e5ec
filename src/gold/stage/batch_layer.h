#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/stop.h"
#include "base/worker_pool.h"
#include "catalog/data_directory.h"
#include "gold/order_ledger.h"
#include "gold/output.h"
#include "gold/stage/day_range.h"
#include "gold/stage/gold_comparison.h"
#include "gold/stage/gold_writer.h"
#include "gold/stage/late_days.h"
#include "gold/state/window.h"
#include "gold/visit/order_channels.h"
#include "gold/visitors/visitors.h"
#include "model/time_zone.h"
#include "storage/delta_table.h"

namespace millrace::gold {

struct BatchLayerReport {
    std::int64_t events = 0;  ///< events read, including those of neighbouring days
    std::int64_t rows = 0;    ///< rows published
    /// The version of Silver up to which rows were replaced.
    storage::Version silver_version = storage::no_version;
    double seconds = 0;

    [[nodiscard]] base::json::object to_json() const;
};

/// How far the speed layer has published.
struct PublishedPosition {
    storage::Version silver_version = storage::no_version;  ///< the last version of Silver that it includes
    Timestamp watermark = no_watermark;  ///< windows that end at or before it are closed and published
};

/// New rows of some days, in files that no commit names yet.
struct PreparedDays {
    DayRange days;
    std::int64_t events = 0;  ///< events read, including those of neighbouring days
    std::int64_t rows = 0;
    GoldFiles files{};
};

/// The batch layer: recomputes Gold's rows of some days from the silver table, with the operators of the
/// speed layer. Windows that the speed layer has not closed yet stay open, and its provisional rows stay as
/// they are. The speed layer also keeps the sessions and the funnel of a day until no session of the day can
/// be open: until the second midnight after it. Events are read by time, and rows are written while they are
/// computed, so that memory holds open windows and sessions only.
class BatchLayer {
  public:
    /// `data` and `pool` must outlive the object.
    BatchLayer(const catalog::DataDirectory& data, const model::ShopSettings& settings,
               base::WorkerPool& pool);

    /// The days of Silver's events; nothing when the table is empty.
    [[nodiscard]] std::optional<DayRange> all_days() const;

    /// Replaces the rows of the days in the tables, a few days at a time. Waits while the tables are ahead of
    /// the position that the process that runs Gold has saved. Throws an Error when `stop` is requested; days
    /// that were replaced by then stay replaced. Also throws one when the tables still have newer rows than
    /// the saved position after several attempts.
    BatchLayerReport replace(DayRange days, const base::StopSignal& stop);

    /// The parts of replace() for several processes, of which one begins and commits, and each of the others
    /// prepares some of the days. begin() reads the position and, where no state tells it, keeps other
    /// processes from running Gold while this object lives.
    PublishedPosition begin();
    [[nodiscard]] PreparedDays prepare(DayRange days, const PublishedPosition& position);
    /// Commits days that follow each other without a gap. False, and the files are removed, when the tables
    /// have newer rows than `position`, or files have changed: the caller begins again.
    bool commit(std::vector<PreparedDays> parts, const PublishedPosition& position);

    /// Replaces the rows of some days in the tables of one group, once; with sessions, orders are replaced
    /// too, which have the channels of their sessions. `position` is where the speed layer
    /// of this process stands, which holds the stage's lock. Calls `go_on` between groups of rows, and ends
    /// without a replacement when it returns false. Returns the number of rows, or nothing when nothing was
    /// replaced or files of the tables have changed meanwhile: the caller tries again from a newer position.
    std::optional<std::int64_t> correct(const Correction& correction, const PublishedPosition& position,
                                        const std::function<bool()>& go_on);

    /// The cells in which the tables differ from the recomputed rows of the days, up to `limit`. Waits as
    /// replace() does, and throws an Error when other processes join the tables' files faster than days can
    /// be compared.
    std::vector<GoldDifference> reconcile(DayRange days, std::size_t limit, const base::StopSignal& stop);

  private:
    void read_position();
    void wait_for_newer_position(const base::StopSignal& stop) const;
    [[nodiscard]] std::int64_t sealed_end() const;
    [[nodiscard]] std::int64_t compute(DayRange days, const std::set<TableGroup>& groups, Output& output,
                                       const std::function<void()>& progressed);
    [[nodiscard]] std::vector<storage::AddFile> files_between(Window times) const;
    [[nodiscard]] std::int64_t compute_windows(DayRange days, const std::set<TableGroup>& groups,
                                               Output& output, const std::function<void()>& progressed,
                                               OrderChannels& channels);
    [[nodiscard]] OrderChannels published_channels(DayRange days) const;
    void compute_orders(DayRange days, Output& output, const std::function<void()>& progressed,
                        const OrderChannels& channels);
    [[nodiscard]] std::vector<storage::AddFile> order_files_between(Window times) const;
    void learn_visitors(Window times, bool activity, Strings& strings, Visitors& visitors,
                        const std::function<void()>& progressed);
    void learn_orders_before(Timestamp time, Strings& strings, OrderLedger& ledger,
                             const std::function<void()>& progressed);
    [[nodiscard]] std::array<std::int64_t, table_group_count> ends(std::int64_t to) const;
    [[nodiscard]] GoldWriter::Replacement replacement_of(DayRange days) const;
    /// What is done to some days, and what to do next when it was stopped.
    struct Step {
        std::string_view doing;
        std::string hint_when_stopped;
    };
    void attempt(const Step& step, const base::StopSignal& stop, const std::function<bool()>& once);
    bool replace_once(DayRange days, BatchLayerReport& report);
    void show_rows(DayRange days, const VisitGoldRows& visit);

    const catalog::DataDirectory& data_;
    const model::ShopSettings settings_;
    base::WorkerPool& pool_;
    const model::TimeZone zone_;
    storage::DeltaTable silver_;
    base::File lock_;                     // the lock of the gold stage
    std::unique_lock<base::File> alone_;  // held when no state tells what the speed layer has published
    PublishedPosition position_;
};

}  // namespace millrace::gold
