#include "gold/user_days.h"

#include <algorithm>

namespace millrace::gold {

void UserDay::add(const Event& event, const Strings& strings) {
    first_seen = std::min(first_seen, event.time);
    last_seen = std::max(last_seen, event.time);
    ++events;
    views += event.kind == Kind::view ? 1 : 0;
    carts += event.kind == Kind::add_to_cart ? 1 : 0;
    purchase_events += event.kind == Kind::purchase ? 1 : 0;
    purchases.add(event, strings);
}

void UserDay::add(const UserDay& other) {
    first_seen = std::min(first_seen, other.first_seen);
    last_seen = std::max(last_seen, other.last_seen);
    events += other.events;
    views += other.views;
    carts += other.carts;
    purchase_events += other.purchase_events;
    purchases.add(other.purchases);
}

/// A shop has few currencies.
void UserDays::move(const Visitors::Move& visit) {
    const auto currencies = static_cast<StringId>(strings()[Field::currency].places());
    grains().front().change_each([&](Cells& cells) {
        for (StringId currency = 0; currency < currencies; ++currency) {
            const auto found = cells.find({visit.from, currency});
            if (found == cells.end()) continue;
            const UserDay moved = std::move(found->second);
            cells.erase(found);
            cells[{visit.to, currency}].add(moved);
        }
    });
}

void UserDays::add(const std::vector<Event>& events) {
    for (const Event& event : events) {
        add_to(grains().front(), event, {event.user, event.currency},
               [&](UserDay& user) { user.add(event, strings()); });
    }
}

void UserDays::write(Output& output, const Windows& windows, Window window, const Cells& cells) const {
    const std::int64_t day = windows.zone().day_of(window.start);
    for (const auto& [key, user] : cells) {
        output[Table::users]
            .add(day)
            .text(text(Field::user, key.first))
            .text(text(Field::currency, key.second))
            .time(user.first_seen)
            .time(user.last_seen)
            .count(user.events)
            .count(user.views)
            .count(user.carts)
            .count(user.purchase_events)
            .count(user.purchases.orders())
            .count(user.purchases.items)
            .money(user.purchases.gross)
            .money(user.purchases.net())
            .text(text(Field::user, key.first));
    }
}

void UserDays::mark_key(Marks& marks, const GroupKey& key) const {
    marks.mark(Field::user, key.first);
    marks.mark(Field::currency, key.second);
}

}  // namespace millrace::gold
