#include "gold/sources.h"

#include <tuple>

#include "gold/visit/entry.h"

namespace millrace::gold {

void SourceFigures::add(const SourcedSession& session) {
    ++sessions;
    converted += session.converted ? 1 : 0;
    without_order_id += session.without_order_id;
    revenue += session.revenue;
    visitors.add(session.user_hash);
    for (const std::uint64_t order : session.order_ids) order_ids.add(order);
}

void SourceFigures::add(const SourceFigures& other) {
    sessions += other.sessions;
    converted += other.converted;
    without_order_id += other.without_order_id;
    revenue += other.revenue;
    visitors.add(other.visitors);
    order_ids.add(other.order_ids);
}

Sources::Sources(const Strings& strings, const model::TimeZone& zone)
    : strings_(strings), grains_{Windows(Grain::hour, zone), Windows(Grain::day, zone)} {}

bool Sources::add(Timestamp session_start, StringId entry, StringId currency, const SourcedSession& session) {
    bool in_time = true;
    for (Windows& windows : grains_) {
        if (SourceFigures* figures = windows.cell(session_start, {entry, currency})) {
            figures->add(session);
        } else {
            in_time = false;
        }
    }
    return in_time;
}

void Sources::move(const Distinct::Replacement& user) {
    for (Windows& windows : grains_) {
        windows.change_each([&](Windows::Cells& cells) {
            for (auto& [key, figures] : cells) figures.visitors.replace(user);
        });
    }
}

/// Entries may differ in what the table does not have, such as the medium, so their figures are added up.
void Sources::write(Output& output, const Windows& windows, Window window,
                    const Windows::Cells& cells) const {
    using Group =
        std::tuple<std::string_view, std::string_view, std::string_view, std::string_view, StringId>;
    std::map<Group, SourceFigures> groups;
    for (const auto& [key, figures] : cells) {
        const Entry entry = Entry::of(strings_.value(Field::entry, key.first));
        groups[{entry.channel, entry.source, entry.utm_campaign, entry.landing_page, key.second}].add(
            figures);
    }
    for (const auto& [group, figures] : groups) {
        const auto& [channel, source, campaign, landing_page, currency] = group;
        const std::int64_t orders = figures.order_ids.count() + figures.without_order_id;
        output[Table::sources]
            .add(windows.zone().day_of(window.start))
            .text(grain_name(windows.grain()))
            .time(window.start)
            .time(window.end)
            .text_or_null(channel)
            .text_or_null(source)
            .text_or_null(campaign)
            .text_or_null(landing_page)
            .text(strings_.value(Field::currency, currency))
            .count(figures.visitors.count())
            .count(figures.sessions)
            .count(figures.converted)
            .count(orders)
            .money(figures.revenue)
            .rate(static_cast<double>(figures.converted), static_cast<double>(figures.sessions));
    }
}

void Sources::close(Timestamp closed, Output& output) {
    for (Windows& windows : grains_) {
        windows.close(closed, [&](Window window, const Windows::Cells& cells) {
            write(output, windows, window, cells);
        });
        windows.forget();
    }
}

void Sources::peek(Output& output) const {
    for (const Windows& windows : grains_) {
        windows.each(
            [&](Window window, const Windows::Cells& cells) { write(output, windows, window, cells); });
    }
}

void Sources::mark(Marks& marks) const {
    for (const Windows& windows : grains_) {
        windows.each([&](Window, const Windows::Cells& cells) {
            for (const auto& [key, figures] : cells) {
                marks.mark(Field::entry, key.first);
                marks.mark(Field::currency, key.second);
            }
        });
    }
}

}  // namespace millrace::gold
