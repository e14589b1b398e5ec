#pragma once

#include <functional>
#include <iosfwd>
#include <set>
#include <string>
#include <vector>

#include "gold/alerts/alerts.h"
#include "gold/group_metrics.h"
#include "gold/high_interest.h"
#include "gold/identities.h"
#include "gold/kpis.h"
#include "gold/orders.h"
#include "gold/product_metrics.h"
#include "gold/sessions.h"
#include "gold/user_days.h"
#include "gold/visitors/visitors.h"
#include "gold/watermark.h"

namespace millrace::gold {

/// How far event time has come.
struct EventProgress {
    Timestamp watermark = no_watermark;  ///< windows that end at or before it close
    Timestamp clock = no_watermark;      ///< the alert rules judge up to here
};

/// All operators with their state. The speed layer adds the rows of Silver's commits as they come and closes
/// the windows that the watermark has reached. The batch layer adds the rows of some days and closes all
/// windows. Not thread-safe; the operators of one call run in parallel.
class Gold {
  public:
    /// The operators of one call, and parts of their work, are `run` as tasks.
    Gold(const model::TimeZone& zone, const model::GoldOptions& options, RunTasks run);
    Gold(const Gold&) = delete;
    Gold& operator=(const Gold&) = delete;

    [[nodiscard]] Strings& strings() { return strings_; }
    [[nodiscard]] Watermark& clock() { return clock_; }
    /// The alert rules. They are not evaluated before Alerts::adopt().
    [[nodiscard]] Alerts& alerts() { return alerts_; }
    [[nodiscard]] const Alerts& alerts() const { return alerts_; }

    /// Who the visitors are; events must have their visitors when they are added.
    [[nodiscard]] Visitors& visitors() { return visitors_; }
    [[nodiscard]] Orders& orders() { return orders_; }
    [[nodiscard]] const Orders& orders() const { return orders_; }

    /// Leaves out the operators of tables that are not in these groups. Must be called before the first
    /// event.
    void compute_only(std::set<TableGroup> groups) { groups_ = std::move(groups); }

    /// Calls `visit` with each purchase of an order that is added, and its channel. `visit` is called in one
    /// thread.
    using VisitPurchase = std::function<void(const Event& purchase, Channel channel)>;
    void tell_channels(VisitPurchase visit) { tell_channel_ = std::move(visit); }

    /// Lets visits go on as those of other visitors.
    void move(const std::vector<Visitors::Move>& visits);
    /// Adds events to the operators and to the alert rules.
    void add(const Events& events);
    /// Adds events, then events of orders that have settled, of which the alert rules do not get to know, and
    /// then closes as close() does, and lets the alert rules judge. An operator does not wait for the others
    /// in between.
    void add(const Events& events, const std::vector<Event>& settled, const EventProgress& progress,
             Output& output);
    /// Adds events whose rows are not committed, for peek() only, until withdraw_uncommitted() takes them out
    /// again. In between, the state must not be closed, saved, or added to by other calls. The alert
    /// rules do not get these events.
    void add_uncommitted(const std::vector<Event>& events);
    void withdraw_uncommitted();
    [[nodiscard]] bool has_uncommitted() const { return has_uncommitted_; }
    /// Adds events to sessions only.
    void add_to_sessions(const std::vector<Event>& events) { sessions_.add(events); }
    /// Appends the rows of all windows and sessions that end at or before `watermark`, and removes these from
    /// the state.
    void close(Timestamp watermark, Output& output);
    /// Appends the rows that open windows would have if they closed now, at least those of these tables.
    void peek(Output& output, const TableSet& tables) const;
    /// The number of rows that peek() appends for these tables, or a few more.
    [[nodiscard]] std::size_t open_rows(const TableSet& tables) const;
    /// Removes strings that the state no longer needs, when enough strings have come since the last time.
    /// `mark_others` marks those that the caller needs.
    void collect_garbage(const std::function<void(Marks&)>& mark_others);

    /// The number of additions to windows that were closed already.
    [[nodiscard]] std::int64_t late() const;
    /// The same without uncommitted events.
    [[nodiscard]] std::int64_t late_committed() const { return has_uncommitted_ ? late_committed_ : late(); }

    /// Write and read the whole state. load() throws an Error for bytes that save() did not write; the object
    /// must not be used then.
    void save(std::ostream& stream) const;
    void load(std::istream& stream);

  private:
    void add_to_visits(const std::vector<Event>& events);
    void add(const Events& events, const std::vector<Event>& settled,
             const std::function<void(Operator&)>& then, Timestamp clock);
    template <class Archive>
    void serialize(Archive& archive);
    void for_each_of(const TableSet& tables, const std::function<void(const Operator&)>& visit) const;
    /// Whether an operator gets its events by add_to_visits().
    [[nodiscard]] bool is_of_visits(const Operator& each) const {
        return &each == &sessions_ || &each == &orders_;
    }
    [[nodiscard]] std::vector<Operator*> operators();
    [[nodiscard]] std::vector<const Operator*> operators() const;

    const RunTasks run_;
    Strings strings_;
    Watermark clock_;
    ProductMetrics products_;
    GroupMetrics categories_;
    GroupMetrics devices_;
    Kpis kpis_;
    Orders orders_;
    UserDays users_;
    HighInterest interest_;
    Identities identities_;
    Visitors visitors_;
    Sessions sessions_;
    Sessions::PurchaseChannels channels_;  // the channels of the purchases that orders_ takes in next
    VisitPurchase tell_channel_;
    Alerts alerts_;
    std::set<TableGroup> groups_{all_table_groups.begin(), all_table_groups.end()};
    bool has_uncommitted_ = false;
    std::int64_t late_committed_ = 0;  // while there are uncommitted events
};

}  // namespace millrace::gold
