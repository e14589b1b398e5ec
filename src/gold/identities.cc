#include "gold/identities.h"

#include <algorithm>

namespace millrace::gold {

void IdentityUse::add(const Link& link) {
    if (link.removes) {
        removed_at = std::max(removed_at, link.time);
        return;
    }
    first_seen = std::min(first_seen, link.time);
    last_seen = std::max(last_seen, link.time);
    ++events;
}

void Identities::add(const std::vector<Link>& links) {
    for (const Link& link : links) {
        if (IdentityUse* use = grains().front().cell(link.time, {link.id, link.user})) {
            use->add(link);
        } else {
            count_late();
        }
    }
}

void Identities::write(Output& output, const Windows& windows, Window window, const Cells& cells) const {
    const std::int64_t day = windows.zone().day_of(window.start);
    for (const auto& [key, use] : cells) {
        output[Table::identities]
            .add(day)
            .time(window.start)
            .time(window.end)
            .text(text(Field::user, key.first))
            .text(text(Field::user, key.second))
            .time_or_null(use.events == 0 ? std::nullopt : std::optional(use.first_seen))
            .time_or_null(use.events == 0 ? std::nullopt : std::optional(use.last_seen))
            .count(use.events)
            .time_or_null(use.removed_at == no_watermark ? std::nullopt : std::optional(use.removed_at));
    }
}

void Identities::mark_key(Marks& marks, const GroupKey& key) const {
    marks.mark(Field::user, key.first);
    marks.mark(Field::user, key.second);
}

}  // namespace millrace::gold
