#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/units.h"
#include "gold/visitors/activity.h"
#include "gold/visitors/link.h"
#include "gold/visitors/links.h"

namespace millrace::gold {

/// Tells which visitor an event belongs to: the user that its id was linked with, or else the id itself. What
/// it knows depends on the links and events that it has learned, and not on their order. The events are of
/// type Event, which has a time and a user of Field::user. Not thread-safe.
class Visitors {
  public:
    Visitors(const Strings& strings, base::Duration reach)
        : strings_(strings), reach_(reach), links_(strings, reach), activity_(reach) {}

    /// Learns links of events that were not named yet.
    void learn(std::span<const Link> links) {
        for (const Link& link : links) links_.add(link);
    }
    /// Learns links, and notes what changes for events that were named before.
    void update(std::span<const Link> links) {
        for (const Link& link : links) update(link);
    }
    /// Learns that the users of events, which were not named yet, had these events.
    template <typename Event>
    void saw(const std::vector<Event>& events) {
        for (const Event& event : events) activity_.add(hash(event.user), event.time, event.has_order());
    }
    /// Replaces the users of events by their visitors.
    template <typename Event>
    void name(std::vector<Event>& events) const {
        if (links_.empty()) return;
        for (Event& event : events) event.user = visitor(event.user, event.time);
    }
    /// Returns the visitor of an event with this user. An alias of a user id is followed once.
    [[nodiscard]] StringId visitor(StringId user, Timestamp time) const {
        return owner(owner(user, time), time);
    }
    /// Whether neither the visitor was seen within the reach before a session, nor an id that was linked with
    /// it within the reach around the session.
    [[nodiscard]] bool is_new(StringId visitor, Timestamp session_start, Timestamp session_end) const;

    /// A visit that goes on as that of another visitor.
    struct Move {
        StringId from = 0;
        StringId to = 0;
        StringId session = 0;
    };
    /// Returns the visits that links have moved since the last call.
    [[nodiscard]] std::vector<Move> take_moves() { return std::exchange(moves_, {}); }
    /// Returns times on the days of events whose visitor was another one before links came.
    [[nodiscard]] std::set<Timestamp> take_changed() { return std::exchange(changed_, {}); }
    /// Returns those among them that may have events of orders.
    [[nodiscard]] std::set<Timestamp> take_changed_orders() { return std::exchange(changed_orders_, {}); }
    /// Returns times on the days of sessions that may be new ones no longer, or again.
    [[nodiscard]] std::set<Timestamp> take_changed_sessions() {
        far_late_.clear();
        return std::exchange(changed_sessions_, {});
    }
    /// Notes the later days on which the visitors with an id may be new no longer, since an event came late.
    /// It must be called before saw() for the event.
    void note_late(StringId id, Timestamp time);

    /// Forgets what no event after this watermark needs, unless it is too far in the past.
    void forget(Timestamp watermark);
    /// The number of links, and of ids that were seen.
    [[nodiscard]] std::size_t links() const { return links_.size(); }
    [[nodiscard]] std::size_t ids() const { return activity_.size(); }
    void mark(Marks& marks) const { links_.mark(marks); }

    template <class Archive>
    void serialize(Archive& archive) {
        archive(links_, activity_, changed_, changed_orders_, changed_sessions_, forgotten_);
    }

  private:
    [[nodiscard]] std::uint64_t hash(StringId id) const { return strings_[Field::user].hash(id); }
    [[nodiscard]] StringId owner(StringId id, Timestamp time) const {
        const StringId owner = links_.owner(hash(id), time);
        return owner == 0 ? id : owner;
    }
    [[nodiscard]] Window around(Timestamp time) const { return {time - reach_, time + reach_}; }
    void update(const Link& link);
    [[nodiscard]] Timestamp known_since() const;
    void note_first_days(StringId visitor, Window window);
    void note_days(std::uint64_t id, Window window);
    void note_forgotten_days(Window window, std::set<Timestamp>& times) const;
    static void note_day(std::int64_t utc_day, std::set<Timestamp>& times);

    const Strings& strings_;
    const base::Duration reach_;
    Links links_;
    Activity activity_;
    std::vector<Move> moves_;
    std::set<Timestamp> changed_;
    std::set<Timestamp> changed_orders_;
    std::set<Timestamp> changed_sessions_;
    std::set<std::int64_t> far_late_;     // the days of late events whose later days are noted
    Timestamp forgotten_ = no_watermark;  // when forget() last looked
};

}  // namespace millrace::gold
