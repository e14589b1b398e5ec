#include "gold/order_entries.h"

#include <algorithm>
#include <utility>

namespace millrace::gold {

/// The latest entry of a line whose repeats an event at this time would continue, or come before.
OrderEntry* OrderEntries::find(std::uint64_t line, Timestamp time, base::Duration period) {
    OrderEntry* found = nullptr;
    for (OrderEntry& entry : std::ranges::equal_range(entries_, line, {}, &OrderEntry::line)) {
        if (entry.first - time <= period && time - entry.last <= period &&
            (found == nullptr || entry.last > found->last))
            found = &entry;
    }
    return found;
}

void OrderEntries::insert(const OrderEntry& entry) {
    entries_.insert(std::ranges::upper_bound(entries_, entry.line, {}, &OrderEntry::line), entry);
}

bool OrderEntries::add(const OrderEntry& entry, base::Duration period) {
    OrderEntry* const found = find(entry.line, entry.first, period);
    if (found == nullptr) {
        insert(entry);
        return true;
    }
    found->last = std::max(found->last, entry.last);
    return false;
}

bool OrderEntries::add_late(const OrderEntry& entry, base::Duration period, std::set<Timestamp>& displaced) {
    OrderEntry* const found = find(entry.line, entry.first, period);
    if (found == nullptr || entry.first >= found->first) return add(entry, period);
    displaced.insert(std::exchange(found->first, entry.first));
    found->amount = entry.amount;
    return true;
}

std::optional<std::int64_t> OrderEntries::left_at(Timestamp time, base::Duration period) const {
    std::int64_t left = 0;
    bool has_lines = false;
    for (const OrderEntry& entry : entries_) {
        if (entry.first > time || time - entry.first > period) continue;
        left += entry.amount;
        has_lines |= entry.is_line();
    }
    return has_lines ? std::optional(std::max<std::int64_t>(left, 0)) : std::nullopt;
}

/// Cancellations after an event that came late may have refunded another amount, and so may those after them.
/// A line before the period after it may count no longer, and so be missing in the period after that.
void OrderEntries::judge_cancellations(Timestamp since, base::Duration period,
                                       std::set<Timestamp>& displaced) {
    std::vector<OrderEntry*> later;
    for (OrderEntry& entry :
         std::ranges::equal_range(entries_, OrderEntry::cancellation, {}, &OrderEntry::line)) {
        if (entry.first >= since && entry.first - since <= 2 * period) later.push_back(&entry);
    }
    std::ranges::sort(later, {}, &OrderEntry::first);
    std::vector<std::int64_t> before;
    before.reserve(later.size());
    for (OrderEntry* each : later) before.push_back(std::exchange(each->amount, 0));
    for (std::size_t i = 0; i < later.size(); ++i) {
        const auto left = left_at(later[i]->first, period);
        later[i]->amount = left ? -*left : before[i];
        displaced.insert(later[i]->first);
    }
}

std::size_t OrderEntries::forget(Timestamp end) {
    return std::erase_if(entries_, [end](const OrderEntry& entry) { return entry.last < end; });
}

}  // namespace millrace::gold
