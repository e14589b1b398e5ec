#include "gold/alerts/sliding_product_counts.h"

#include <algorithm>

namespace millrace::gold {

void SlidingProductCounts::add(const Event& event) {
    if ((event.kind != Kind::view && event.kind != Kind::purchase) || event.product == 0) return;
    const Timestamp start = aligned(event.time, step).start;
    if (start < window_.start) return;
    steps_[start][event.product].add(event);
    if (!window_.contains(start)) return;
    ViewPurchaseCounts late;
    late.add(event);
    add_to_sum(event.product, late, 1);
}

void SlidingProductCounts::slide(const Window& window, std::int64_t min_views) {
    if (min_views != min_views_) {
        min_views_ = min_views;
        candidates_.clear();
        for (const auto& [product, counts] : sums_) {
            if (counts.views >= min_views_) candidates_.insert(product);
        }
    }
    const Timestamp from = std::max(window_.end, window.start);
    for (auto entering = steps_.lower_bound(from); entering != steps_.end() && entering->first < window.end;
         ++entering) {
        for (const auto& [product, counts] : entering->second) add_to_sum(product, counts, 1);
    }
    while (!steps_.empty() && steps_.begin()->first < window.start) {
        if (window_.contains(steps_.begin()->first)) {
            for (const auto& [product, counts] : steps_.begin()->second) add_to_sum(product, counts, -1);
        }
        steps_.erase(steps_.begin());
    }
    window_ = window;
}

void SlidingProductCounts::add_to_sum(StringId product, const ViewPurchaseCounts& counts, int sign) {
    ViewPurchaseCounts& sum = sums_[product];
    sum.views += sign * counts.views;
    sum.purchases += sign * counts.purchases;
    views_ += sign * counts.views;
    if (sum.views >= min_views_) {
        candidates_.insert(product);
    } else {
        candidates_.erase(product);
    }
    if (sum.views == 0 && sum.purchases == 0) sums_.erase(product);
}

void SlidingProductCounts::mark(Marks& marks) const {
    for (const auto& [start, products] : steps_) {
        for (const auto& [product, counts] : products) marks.mark(Field::product, product);
    }
}

}  // namespace millrace::gold
