#include "produce/visits.h"

#include <algorithm>
#include <span>

namespace millrace::produce {

bool Visit::has_in_cart(std::uint32_t wanted) const {
    return std::ranges::any_of(std::span(cart).first(lines),
                               [wanted](const CartLine& line) { return line.product == wanted; });
}

Visit Visits::take_next() {
    std::ranges::pop_heap(due_, &Due::is_after);
    const std::uint32_t slot = due_.back().slot;
    due_.pop_back();
    free_slots_.push_back(slot);
    return slots_[slot];
}

void Visits::put(const Visit& visit, model::Timestamp due) {
    if (free_slots_.empty()) {
        free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    slots_[slot] = visit;
    due_.push_back({due, slot});
    std::ranges::push_heap(due_, &Due::is_after);
}

}  // namespace millrace::produce
