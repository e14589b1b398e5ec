#include "gold/kpis.h"

namespace millrace::gold {

void Kpis::add(const std::vector<Event>& events) {
    for (Windows& windows : grains()) {
        for (const Event& event : events) {
            add_to(windows, event, {event.currency}, [&](KeyFigures& figures) {
                const std::uint64_t user = hash(Field::user, event.user);
                const std::uint64_t session = combine(user, hash(Field::session, event.session));
                ++figures.events;
                figures.users.add(user);
                figures.sessions.add(session);
                if (event.kind == Kind::purchase) figures.converted.add(session);
                figures.purchases.add(event, pool(Field::order));
            });
        }
    }
}

void Kpis::write(Output& output, const Windows& windows, Window window, const Cells& cells) const {
    for (const auto& [key, figures] : cells) {
        const auto users = figures.users.count();
        const auto sessions = figures.sessions.count();
        const auto orders = figures.purchases.orders();
        output[Table::kpis]
            .add(windows.zone().day_of(window.start))
            .text(grain_name(windows.grain()))
            .time(window.start)
            .time(window.end)
            .text(text(Field::currency, key.first))
            .count(figures.events)
            .count(users)
            .count(sessions)
            .count(orders)
            .count(figures.purchases.items)
            .money(figures.purchases.gross)
            .money(figures.purchases.net())
            .rate(model::to_double(figures.purchases.gross), static_cast<double>(orders))
            .rate(static_cast<double>(figures.converted.count()), static_cast<double>(sessions))
            .rate(model::to_double(figures.purchases.net()), static_cast<double>(users));
    }
}

void Kpis::mark_key(Marks& marks, const GroupKey& key) const {
    marks.mark(Field::currency, key.first);
}

}  // namespace millrace::gold
