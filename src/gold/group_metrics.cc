#include "gold/group_metrics.h"

namespace millrace::gold {

void GroupMetrics::add(const std::vector<Event>& events) {
    Windows& hours = grains().front();
    for (const Event& event : events) {
        if (!has_product(event.kind)) continue;
        add_to(hours, event, {event.*group_, event.currency},
               [&](EngagementCounts& counts) { counts.add(event, hash(Field::user, event.user)); });
    }
}

void GroupMetrics::move(const Visitors::Move& visit) {
    grains().front().change_each([&](Cells& cells) {
        for (auto& [key, counts] : cells)
            counts.users.replace({hash(Field::user, visit.from), hash(Field::user, visit.to)});
    });
}

void GroupMetrics::write(Output& output, const Windows& windows, Window window, const Cells& cells) const {
    const std::int64_t day = windows.zone().day_of(window.start);
    for (const auto& [key, counts] : cells) {
        Row row = output[table_].add(day);
        row.time(window.start).time(window.end);
        row.text_or_null(text(field_, key.first)).text(text(Field::currency, key.second));
        counts.write(row);
    }
}

void GroupMetrics::mark_key(Marks& marks, const GroupKey& key) const {
    marks.mark(field_, key.first);
    marks.mark(Field::currency, key.second);
}

}  // namespace millrace::gold
