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
