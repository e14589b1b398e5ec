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

void SlidingProductCounts::slide(Timestamp end, Timestamp length, std::int64_t least) {
    if (least != least_) {
        least_ = least;
        candidates_.clear();
        for (const auto& [product, attention] : sums_) {
            if (attention.views >= least_) candidates_.insert(product);
        }
    }
    const Timestamp from = std::max(window_.end, end - length);
    for (auto entering = steps_.lower_bound(from); entering != steps_.end() && entering->first < end;
         ++entering) {
        for (const auto& [product, attention] : entering->second) add_to_sum(product, attention, 1);
    }
    while (!steps_.empty() && steps_.begin()->first < end - length) {
        if (window_.contains(steps_.begin()->first)) {
            for (const auto& [product, attention] : steps_.begin()->second)
                add_to_sum(product, attention, -1);
        }
        steps_.erase(steps_.begin());
    }
    window_ = {end - length, end};
}

void SlidingProductCounts::add_to_sum(StringId product, const ViewPurchaseCounts& attention, int sign) {
    ViewPurchaseCounts& sum = sums_[product];
    sum.views += sign * attention.views;
    sum.purchases += sign * attention.purchases;
    views_ += sign * attention.views;
    if (sum.views >= least_) {
        candidates_.insert(product);
    } else {
        candidates_.erase(product);
    }
    if (sum.views == 0 && sum.purchases == 0) sums_.erase(product);
}

void SlidingProductCounts::mark(Marks& marks) const {
    for (const auto& [start, products] : steps_) {
        for (const auto& [product, attention] : products) marks.mark(Field::product, product);
    }
}

}  // namespace millrace::gold
