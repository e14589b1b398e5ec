#include "gold/visitors/visitors.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace millrace::gold {

namespace {

constexpr base::Duration time_between_looks = std::chrono::hours(1);
/// Sessions are closed up to two days after their first event, and are judged then.
constexpr base::Duration longest_session = std::chrono::days(3);

Timestamp start_of(std::int64_t utc_day) {
    return Timestamp(std::chrono::days(utc_day));
}

}  // namespace

void Visitors::update(const Link& link) {
    const std::uint64_t id = hash(link.id);
    const StringId before = owner(link.id, link.time);
    const std::size_t uses = links_.size();
    links_.add(link);
    const StringId now = owner(link.id, link.time);
    const bool is_late = links_.size() != uses && activity_.seen_after(id, link.time);
    if (before == now && !is_late && !link.removes && !links_.is_contested(link)) return;
    // A link that is removed may have told the owner at any time.
    const Window changed =
        link.removes ? Window{link.time - 2 * reach_, link.time + 2 * reach_} : around(link.time);
    for (auto* times : {&changed_, &changed_orders_}) note_forgotten_days(changed, *times);
    note_days(id, changed);
    for (const std::uint64_t each : links_.ids_of(link.id)) note_days(each, changed);
    note_first_days(link.user, changed);
    if (before == link.id && now != link.id) moves_.push_back({link.id, now, link.session});
}

/// A UTC day has parts of two days of another time zone.
void Visitors::note_day(std::int64_t utc_day, std::set<Timestamp>& times) {
    times.insert(start_of(utc_day));
    times.insert(start_of(utc_day + 1) - base::Duration(1));
}

/// What ids did before this time is forgotten.
Timestamp Visitors::known_since() const {
    return forgotten_ == no_watermark ? no_watermark : forgotten_ - reach_ - longest_session;
}

void Visitors::note_days(std::uint64_t id, Window window) {
    const bool has_orders = activity_.has_orders(id);
    for (const std::int64_t each : activity_.days_between(id, window)) {
        note_day(each, changed_);
        if (has_orders) note_day(each, changed_orders_);
    }
}

/// An id may have been seen on any day that is forgotten.
void Visitors::note_forgotten_days(Window window, std::set<Timestamp>& times) const {
    const Timestamp end = std::min(window.end, known_since());
    for (std::int64_t each = utc_day(window.start); start_of(each) <= end; ++each) note_day(each, times);
}

bool Visitors::is_new(StringId visitor, Timestamp session_start, Timestamp session_end) const {
    if (activity_.seen_before(hash(visitor), session_start)) return false;
    const Window linked{session_start - reach_, session_end + reach_};
    return std::ranges::none_of(links_.ids_of(visitor), [&](std::uint64_t id) {
        return activity_.seen_before(id, session_start) && links_.is_linked(id, visitor, linked);
    });
}

void Visitors::note_late(StringId id, Timestamp time) {
    if (time < known_since()) {
        if (far_late_.insert(utc_day(time)).second)
            note_forgotten_days({time, time + reach_}, changed_sessions_);
        return;
    }
    note_first_days(id, {time, time + reach_});
    for (const StringId user : links_.users_of(hash(id))) note_first_days(user, {time, time + reach_});
}

/// The first session of a visitor begins a chain of one of its ids.
void Visitors::note_first_days(StringId visitor, Window window) {
    const auto note = [&](std::uint64_t id) {
        for (const Timestamp first : activity_.chain_starts(id)) {
            if (first >= window.start && first <= window.end) note_day(utc_day(first), changed_sessions_);
        }
    };
    note(hash(visitor));
    for (const std::uint64_t id : links_.ids_of(visitor)) note(id);
}

void Visitors::forget(Timestamp watermark) {
    if (watermark == no_watermark || watermark == end_of_time) return;
    if (forgotten_ != no_watermark && watermark - forgotten_ < time_between_looks) return;
    forgotten_ = watermark;
    links_.forget(watermark - 2 * reach_ - longest_session);
    activity_.forget(watermark - reach_ - longest_session);
}

}  // namespace millrace::gold
