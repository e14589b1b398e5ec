#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <vector>

#include "base/worker_pool.h"
#include "catalog/partition_progress.h"
#include "gold/events.h"
#include "gold/order_ledger.h"
#include "gold/output.h"
#include "gold/stage/changed_times.h"
#include "gold/stage/gold.h"
#include "gold/stage/gold_report.h"
#include "gold/stage/late_days.h"
#include "model/shop_settings.h"
#include "model/time_zone.h"
#include "storage/delta_table.h"

namespace millrace::gold {

/// The speed layer's operators and their watermark: takes in Silver's rows and commits, closes windows, and
/// evaluates alert rules. Whether the rows come from memory, commits or a whole table makes no difference
/// here. Not thread-safe.
class GoldEngine {
  public:
    /// `pool` must outlive the object.
    GoldEngine(const model::ShopSettings& settings, base::WorkerPool& pool);
    GoldEngine(const GoldEngine&) = delete;
    GoldEngine& operator=(const GoldEngine&) = delete;

    [[nodiscard]] const Gold& operators() const { return *gold_; }
    [[nodiscard]] Strings& strings() { return gold_->strings(); }
    [[nodiscard]] Alerts& alerts() { return gold_->alerts(); }
    /// The time up to which windows are closed.
    [[nodiscard]] Timestamp watermark() const { return watermark_; }

    /// Returns to the empty state, without alert rules.
    void reset();
    /// Replaces the state by one that was saved at this watermark. Throws an Error for what save() did not
    /// write; the caller then resets.
    void load(std::istream& stream, Timestamp watermark);
    void save(std::ostream& stream);

    /// Learns links of rows that add() takes in later, so that their visitors are known by then.
    void learn(const std::vector<Link>& links);
    /// Notes the days on which events of this version of Silver, which are not added yet, come late.
    void note_late(const Events& events, storage::Version version, LateDays& late) const {
        late.add(events, watermark_, version, zone_);
    }
    /// Takes rows in, and leaves `events` empty. Windows close only with the calls below. Lines of orders are
    /// held back until their windows can close. The operators get the other rows with the next call that
    /// needs them, so that an operator adds rows and closes windows at one go.
    void add(Events& events);
    /// Lets operators().peek() show the lines that are held back. The calls that change or save the state
    /// take them out again, and withdraw_shown() does.
    void show_held();
    /// Takes rows in that are not committed yet, so that operators().peek() shows them, until they are taken
    /// out together with the lines that are held back.
    void add_uncommitted(std::vector<Event>& events);
    void withdraw_shown();
    /// How often what was shown was taken out.
    [[nodiscard]] std::uint64_t withdrawals() const { return withdrawals_; }
    /// Removes unused strings, from time to time.
    void collect_garbage();
    /// Frees the memory of rows of a backlog, which the next rows will not need.
    void free_rows() {
        add_pending();
        pending_ = {};
    }
    [[nodiscard]] OrderCounts order_counts() const {
        return {.lines = ledger_->size(), .orders = gold_->orders().size(), .repeats = ledger_->repeats()};
    }
    [[nodiscard]] VisitorCounts visitor_counts() const {
        return {.links = gold_->visitors().links(), .ids = gold_->visitors().ids()};
    }
    /// Notes the days that are wrong until they are corrected, as of a version of Silver: those where an
    /// event of an order no longer counts as it did, or belongs to another visitor, and those of orders that
    /// have closed and got more events.
    void note_changed_days(storage::Version version, LateDays& late);

    /// Finishes a commit whose rows were added: advances the watermark, closes windows, and evaluates alert
    /// rules.
    void finish_commit(const storage::Commit& commit, Output& closed);
    /// While a table is read by event time: closes windows and evaluates alert rules as far as the events
    /// so far allow, but not beyond `left`, the earliest time of the rows that are left.
    void finish_rows(Timestamp left, Output& closed);
    /// Finishes a table of which all rows were added.
    void finish_table(const storage::Snapshot& silver);

  private:
    void observe(const std::vector<catalog::PartitionStatus>& partitions);
    void name_visitors(Events& events);
    void add_pending();
    void close(const EventProgress& progress, Output& closed);

    const model::GoldOptions options_;
    const model::TimeZone zone_;
    base::WorkerPool& pool_;
    std::unique_ptr<Gold> gold_;
    std::unique_ptr<OrderLedger> ledger_;
    Events pending_;  // what the operators have not got yet
    ChangedTimes changed_;
    ChangedTimes changed_orders_;
    std::uint64_t withdrawals_ = 0;
    Timestamp watermark_ = no_watermark;
    Timestamp newest_;  // log time of the newest row since the last commit; the epoch when there is none
};

}  // namespace millrace::gold
