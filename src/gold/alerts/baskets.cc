#include "gold/alerts/baskets.h"

#include <algorithm>

namespace millrace::gold {

void Baskets::add(const Event& event, std::uint64_t session) {
    if (event.kind == Kind::add_to_cart) {
        Basket& basket = open_[session];
        basket.carted = std::max(basket.carted, event.time);
    } else if (event.kind == Kind::purchase || event.kind == Kind::repeat) {
        Basket& basket = open_[session];
        basket.bought = std::max(basket.bought, event.time);
    }
}

void Baskets::pass(Timestamp end, Timestamp keep_from) {
    Outcome& decided = outcomes_[aligned(end - std::chrono::microseconds(1), std::chrono::minutes(1)).start];
    boost::unordered::erase_if(open_, [&](const auto& entry) {
        const Basket& basket = entry.second;
        if (std::max(basket.carted, basket.bought) >= end - abandoned_after) return false;
        if (basket.carted == no_watermark) return true;
        ++decided.carts;
        decided.abandoned += basket.bought < basket.carted ? 1 : 0;
        return true;
    });
    outcomes_.erase(outcomes_.begin(), outcomes_.lower_bound(keep_from));
}

Baskets::Outcome Baskets::in(Window window) const {
    Outcome sum;
    for (auto each = outcomes_.lower_bound(window.start); each != outcomes_.end() && each->first < window.end;
         ++each) {
        sum.carts += each->second.carts;
        sum.abandoned += each->second.abandoned;
    }
    return sum;
}

}  // namespace millrace::gold
