#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <iosfwd>
#include <set>
#include <utility>
#include <vector>

#include "gold/events.h"
#include "gold/order_entries.h"
#include "gold/state/window.h"
#include "model/time_zone.h"
#include "model/timestamp.h"

namespace millrace::gold {

/// The time before which events of orders settle when windows close at this watermark: the shortest windows
/// are aligned minutes, so an event within the watermark's minute is not late for any of them.
[[nodiscard]] constexpr Timestamp settled_before(Timestamp watermark) {
    return watermark == end_of_time || watermark == no_watermark
               ? watermark
               : std::chrono::floor<std::chrono::minutes>(watermark);
}

/// Tells what the events of orders count, by the events of the same order before them:
/// - A line that was sent again, by a thank-you page that is loaded twice, or by a shop whose browser and
///   server both report an order, is a repeat. A line is one if the same line, counted or not, came within a
///   period before it, in the order of event time and event_id. A repeat is an event of Kind::repeat, which
///   counts as an event and not as a purchase.
/// - What the sender says of the whole order (Event::amounts) counts with the first line that has it, and is
///   taken from those that repeat it.
/// - A cancellation refunds what is left of the order: the lines that count within the period before it, less
///   the discount and what was refunded. Of an order without such a line it refunds what it says itself.
///
/// The order of arrival does not matter: events of orders are held back until the watermark has passed them,
/// and then leave in the order of time. Until then, show() and mark_shown() tell what they would count, for
/// readers of open windows. An event that comes after the watermark has passed its time is judged at once by
/// what is known; its day is corrected later anyway (LateDays). Not thread-safe.
class OrderLedger {
  public:
    /// `period` is how far back the events of an order are looked for.
    OrderLedger(const Strings& strings, base::Duration period) : strings_(strings), period_(period) {}

    /// Takes the events of orders out of `rows` and holds them back, except for late ones, which are judged.
    /// Returns the events that it holds, judged by what has arrived so far.
    std::vector<Event> hold(std::vector<Event>& rows);
    /// Returns the events before `watermark`, judged. Events before it are late from now on.
    std::vector<Event> settle(Timestamp watermark);
    /// Whether events of an order are held back. `order` is the hash of its id.
    [[nodiscard]] bool holds(std::uint64_t order) const { return arrived_.contains(order); }

    /// Returns the events that are held back, judged by what is known.
    [[nodiscard]] std::vector<Event> show();
    /// Judges events that are not committed, after those that were shown.
    void mark_shown(std::vector<Event>& rows);

    /// Returns the times of events that may have counted differently before an earlier one came late. Those
    /// that an earlier call has returned are left out.
    [[nodiscard]] std::set<Timestamp> take_displaced() { return std::exchange(displaced_, {}); }

    /// The number of events that are kept to judge later ones, and of those that are held back.
    [[nodiscard]] std::size_t size() const { return entries_ + held_.size(); }
    /// The number of repeats that were found since the object was made.
    [[nodiscard]] std::int64_t repeats() const { return repeats_; }
    void mark(Marks& marks) const;

    /// Write and read the state. load() throws an Error for bytes that save() did not write; the object must
    /// not be used then.
    void save(std::ostream& stream) const;
    void load(std::istream& stream);

  private:
    using Orders = boost::unordered_flat_map<std::uint64_t, OrderEntries>;  // by the hash of the order_id

    template <class Archive>
    void serialize(Archive& archive);
    [[nodiscard]] std::uint64_t order_of(const Event& event) const;
    template <typename Add>
    void judge(OrderEntries& entries, Event& event, const Add& add_entry) const;
    [[nodiscard]] OrderEntries known(std::uint64_t order) const;
    void show(Event& event);
    void arrive(Event& event);
    void leave(const Event& event);
    template <typename Add>
    OrderEntries& learn(Event& event, const Add& add_entry);
    void settle(Event& event);
    void take_late(Event& event);
    void displace_later_ones(Timestamp time);
    void sort(std::vector<Event>& events) const;
    void forget(Timestamp watermark);

    const Strings& strings_;
    const base::Duration period_;
    Timestamp settled_ = no_watermark;
    Timestamp forgotten_ = no_watermark;  // when forget() last looked for old entries
    Orders known_;
    std::size_t entries_ = 0;  // in known_
    std::int64_t repeats_ = 0;
    std::vector<Event> held_;
    /// What has arrived of an order that has events in held_.
    struct Arrived {
        OrderEntries entries;
        std::size_t held = 0;  // the number of these events
    };
    boost::unordered_flat_map<std::uint64_t, Arrived> arrived_;
    Orders shown_;
    std::set<Timestamp> displaced_;  // those that take_displaced() has not returned
};

}  // namespace millrace::gold
