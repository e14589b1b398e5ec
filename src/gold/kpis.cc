#include "gold/kpis.h"

namespace millrace::gold {

void KeyFigures::add(const KeyFigures& other) {
    events += other.events;
    users.add(other.users);
    sessions.add(other.sessions);
    converted.add(other.converted);
    purchases.add(other.purchases);
    bot_events += other.bot_events;
    bot_users.add(other.bot_users);
    bot_sessions.add(other.bot_sessions);
}

void Kpis::count(KeyFigures& figures, const Event& event) const {
    const std::uint64_t user = hash(Field::user, event.user);
    const std::uint64_t session = combine(user, hash(Field::session, event.session));
    ++figures.events;
    figures.users.add(user);
    figures.sessions.add(session);
    if (event.kind == Kind::purchase) figures.converted.add(session);
    figures.purchases.add(event, strings());
    if (!event.bot) return;
    ++figures.bot_events;
    figures.bot_users.add(user);
    figures.bot_sessions.add(session);
}

void Kpis::add(const std::vector<Event>& events) {
    for (const Event& event : events) {
        const GroupKey key{event.currency};
        if (KeyFigures* figures = minutes_.cell(event.time, key)) {
            count(*figures, event);
            continue;
        }
        count_late();
        for (Windows& windows : longer_) {
            if (KeyFigures* figures = windows.cell(event.time, key)) {
                count(*figures, event);
            } else {
                count_late();
            }
        }
    }
}

void Kpis::move(const Visitors::Move& visit) {
    const std::uint64_t from = hash(Field::user, visit.from);
    const std::uint64_t to = hash(Field::user, visit.to);
    const auto change = [&](Windows::Cells& cells) {
        for (auto& [key, figures] : cells) {
            for (Distinct* users : {&figures.users, &figures.bot_users}) users->replace({from, to});
            for (const StringId session : {visit.session, StringId{0}}) {
                const std::uint64_t text = hash(Field::session, session);
                for (Distinct* sessions : {&figures.sessions, &figures.converted, &figures.bot_sessions})
                    sessions->replace({combine(from, text), combine(to, text)});
            }
        }
    };
    minutes_.change_each(change);
    for (Windows& windows : longer_) windows.change_each(change);
}

void Kpis::remember() {
    Operator::remember();
    minutes_.remember();
    for (Windows& windows : longer_) windows.remember();
}

void Kpis::restore() {
    Operator::restore();
    minutes_.restore();
    for (Windows& windows : longer_) windows.restore();
}

void Kpis::close(Timestamp watermark, Output& output) {
    minutes_.close(watermark, [&](Window minute, const Windows::Cells& cells) {
        write(output, minutes_, minute, cells);
        for (const auto& [key, figures] : cells) {
            for (Windows& windows : longer_) windows.cell(minute.start, key)->add(figures);
        }
    });
    minutes_.forget();
    for (Windows& windows : longer_) {
        windows.close(watermark, [&](Window window, const Windows::Cells& cells) {
            write(output, windows, window, cells);
        });
        windows.forget();
    }
}

void Kpis::peek(Output& output) const {
    minutes_.each(
        [&](Window minute, const Windows::Cells& cells) { write(output, minutes_, minute, cells); });
    for (const Windows& closed : longer_) {
        Windows windows = closed;
        minutes_.each([&](Window minute, const Windows::Cells& cells) {
            for (const auto& [key, figures] : cells) windows.cell(minute.start, key)->add(figures);
        });
        windows.each(
            [&](Window window, const Windows::Cells& cells) { write(output, windows, window, cells); });
    }
}

void Kpis::write(Output& output, const Windows& windows, Window window, const Windows::Cells& cells) const {
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
            .rate(model::to_double(figures.purchases.net()), static_cast<double>(users))
            .count(figures.bot_events)
            .count(figures.bot_users.count())
            .count(figures.bot_sessions.count());
    }
}

void Kpis::mark(Marks& marks) const {
    const auto mark_all = [&](Window, const Windows::Cells& cells) {
        for (const auto& [key, figures] : cells) marks.mark(Field::currency, key.first);
    };
    minutes_.each(mark_all);
    for (const Windows& windows : longer_) windows.each(mark_all);
}

}  // namespace millrace::gold
