#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <iosfwd>
#include <set>
#include <utility>
#include <vector>

#include "gold/events.h"
#include "gold/window.h"
#include "model/time_zone.h"
#include "model/timestamp.h"

namespace millrace::gold {

/// The time before which lines settle when windows close at this watermark: the shortest windows are aligned
/// minutes, so a line within the watermark's minute is not late for any of them.
[[nodiscard]] constexpr Timestamp settled_before(Timestamp watermark) {
    return watermark == end_of_time || watermark == no_watermark
               ? watermark
               : std::chrono::floor<std::chrono::minutes>(watermark);
}

/// Finds the lines of orders that were sent again: a thank-you page that is loaded twice, or a shop whose
/// browser and server both report an order. A line is a repeat if the same line, counted or not, came within
/// a period before it, in the order of event time and event_id. A repeat is an event of Kind::repeat, which
/// counts as an event and not as a purchase.
///
/// Which line is the first one does not depend on the order of arrival: lines are held back until the
/// watermark has passed them, and then leave in the order of time. Until then, show() and mark_shown() tell
/// what they would be, for readers of open windows. A line that comes after the watermark has passed its time
/// is judged at once by what is known; its day is corrected later anyway (LateDays). Not thread-safe.
class OrderLines {
  public:
    /// `period` is how far back a line is looked for.
    OrderLines(const Strings& strings, base::Duration period) : strings_(strings), period_(period) {}

    /// Takes the lines out of `rows` and holds them back, except for late ones, which are marked. Returns the
    /// lines that it holds, marked by what has arrived so far.
    std::vector<Event> hold(std::vector<Event>& rows);
    /// Returns the lines before `watermark`, marked. Lines before it are late from now on.
    std::vector<Event> settle(Timestamp watermark);
    /// Learns lines from before those that settle() will return.
    void learn(const std::vector<Event>& rows);

    /// Returns the lines that are held back, marked by what is known.
    [[nodiscard]] std::vector<Event> show();
    /// Marks lines that are not committed, after those that were shown.
    void mark_shown(std::vector<Event>& rows);

    /// Returns times of lines that may have counted when an earlier one came late: at the next call, and
    /// again when the watermark has closed the hour and the day that contain them, since open windows keep
    /// them.
    [[nodiscard]] std::vector<Timestamp> take_displaced(Timestamp watermark, const model::TimeZone& zone);

    /// The number of lines that are kept to find their repeats, and of those that are held back.
    [[nodiscard]] std::size_t size() const { return known_.size() + held_.size(); }
    void mark(Marks& marks) const;

    /// Write and read the state. load() throws an Error for bytes that save() did not write; the object must
    /// not be used then.
    void save(std::ostream& stream) const;
    void load(std::istream& stream);

  private:
    /// The times of the first and last event of a line, of which none is further than the period from the
    /// next one.
    struct Seen {
        Timestamp first;
        Timestamp last;

        template <class Archive>
        void serialize(Archive& archive) {
            archive(first, last);
        }
    };

    [[nodiscard]] bool is_known(const Event& line) const;
    template <class Archive>
    void serialize(Archive& archive);
    /// The latest times of lines.
    using Latest = boost::unordered_flat_map<std::uint64_t, Timestamp>;
    void mark_by(Latest& latest, Event& line) const;
    void mark_settled(Event& line);
    void mark_late(Event& line);
    void displace_later_ones(const Event& line);
    void sort(std::vector<Event>& lines) const;
    void forget(Timestamp watermark);

    const Strings& strings_;
    const base::Duration period_;
    Timestamp settled_ = no_watermark;
    Timestamp forgotten_ = no_watermark;                    // when forget() last looked for old lines
    boost::unordered_flat_map<std::uint64_t, Seen> known_;  // the key is Event::line
    std::vector<Event> held_;
    Latest arrived_;  // the lines in held_
    Latest shown_;
    std::set<Timestamp> displaced_;                   // those that take_displaced() has not returned
    std::set<std::pair<Timestamp, Timestamp>> told_;  // when it returns those again, and these
};

}  // namespace millrace::gold
