#include "gold/high_interest.h"

namespace millrace::gold {

void HighInterest::add(const std::vector<Event>& events) {
    for (Windows& windows : grains()) {
        for (const Event& event : events) {
            if ((event.kind != Kind::view && event.kind != Kind::purchase) || event.product == 0) continue;
            add_to(windows, event, {event.product}, [&](ViewPurchaseCounts& product) { product.add(event); });
        }
    }
}

void HighInterest::write(Output& output, const Windows& windows, Window window, const Cells& cells) const {
    std::int64_t all_views = 0;
    for (const auto& [key, product] : cells) all_views += product.views;
    const std::int64_t day = windows.zone().day_of(window.start);
    for (const auto& [key, product] : cells) {
        if (!is_high_interest(product, all_views, options_)) continue;
        output[Table::high_interest]
            .add(day)
            .text(grain_name(windows.grain()))
            .time(window.start)
            .time(window.end)
            .text(text(Field::product, key.first))
            .count(product.views)
            .count(product.purchases)
            .number(static_cast<double>(product.views) / static_cast<double>(all_views))
            .rate(static_cast<double>(product.purchases), static_cast<double>(product.views))
            .number(wilson_upper({.hits = product.purchases, .trials = product.views}));
    }
}

void HighInterest::mark_key(Marks& marks, const GroupKey& key) const {
    marks.mark(Field::product, key.first);
}

}  // namespace millrace::gold
