#include "gold/high_interest.h"

#include <algorithm>
#include <cmath>

namespace millrace::gold {

double wilson_upper(std::int64_t hits, std::int64_t trials) {
    constexpr double z = 1.96;
    const auto n = static_cast<double>(trials);
    // A shop may have purchases of views that it doesn't know.
    const double p = std::min(static_cast<double>(hits) / n, 1.0);
    const double center = p + z * z / (2 * n);
    const double margin = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    return (center + margin) / (1 + z * z / n);
}

bool is_high_interest(const Attention& product, std::int64_t all_views, const GoldOptions& options) {
    if (product.views < std::max<std::int64_t>(options.interest_views, 1)) return false;
    const double share = static_cast<double>(product.views) / static_cast<double>(all_views);
    return share >= options.interest_share &&
           wilson_upper(product.purchases, product.views) < options.interest_conversion;
}

void HighInterest::add(const std::vector<Event>& events) {
    for (Windows& windows : grains()) {
        for (const Event& event : events) {
            if ((event.kind != Kind::view && event.kind != Kind::purchase) || event.product == 0) continue;
            add_to(windows, event, {event.product}, [&](Attention& product) { product.add(event); });
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
            .number(wilson_upper(product.purchases, product.views));
    }
}

void HighInterest::mark_key(Marks& marks, const GroupKey& key) const {
    marks.mark(Field::product, key.first);
}

}  // namespace millrace::gold
