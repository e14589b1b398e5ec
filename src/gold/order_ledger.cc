#include "gold/order_ledger.h"

#include <algorithm>
#include <cereal/types/set.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/vector.hpp>
#include <chrono>

#include "gold/order_amounts.h"
#include "gold/state/state_archive.h"

namespace millrace::gold {

namespace {

constexpr base::Duration time_between_looks = std::chrono::hours(1);

std::int64_t worth(const Event& event) {
    return static_cast<std::int64_t>(event.amount());
}

}  // namespace

std::uint64_t OrderLedger::order_of(const Event& event) const {
    return strings_[Field::order].hash(event.order);
}

std::vector<Event> OrderLedger::hold(std::vector<Event>& rows) {
    std::vector<Event> taken;
    const auto is_held = [this](const Event& event) { return event.has_order() && event.time >= settled_; };
    for (Event& event : rows) {
        if (!event.has_order()) continue;
        if (is_held(event)) {
            taken.push_back(event);
        } else {
            take_late(event);
        }
    }
    if (taken.empty()) return taken;
    std::erase_if(rows, is_held);
    sort(taken);
    held_.insert(held_.end(), taken.begin(), taken.end());
    for (Event& event : taken) arrive(event);
    return taken;
}

std::vector<Event> OrderLedger::settle(Timestamp watermark) {
    std::vector<Event> settled;
    if (watermark <= settled_) return settled;
    settled_ = watermark;
    const auto later =
        std::ranges::partition(held_, [&](const Event& event) { return event.time < watermark; });
    settled.assign(held_.begin(), later.begin());
    held_.erase(held_.begin(), later.begin());
    sort(settled);
    for (Event& event : settled) {
        leave(event);
        settle(event);
    }
    forget(watermark);
    return settled;
}

std::vector<Event> OrderLedger::show() {
    std::vector<Event> events = held_;
    sort(events);
    shown_.clear();
    for (Event& event : events) show(event);
    return events;
}

void OrderLedger::mark_shown(std::vector<Event>& rows) {
    for (Event& event : rows) {
        if (event.has_order()) show(event);
    }
}

/// Sets what an event counts, and adds its entries with `add_entry`, which returns whether an entry counts.
template <typename Add>
void OrderLedger::judge(OrderEntries& entries, Event& event, const Add& add_entry) const {
    const Timestamp time = event.time;
    if (event.kind == Kind::refund) {
        entries.insert({OrderEntry::refund, time, time, -worth(event)});
    } else if (event.kind == Kind::cancellation) {
        event.price = entries.left_at(time, period_).value_or(worth(event));
        event.quantity = 1;
        entries.insert({OrderEntry::cancellation, time, time, -event.price});
    } else {
        event.kind = add_entry({event.line, time, time, worth(event)}) ? Kind::purchase : Kind::repeat;
        if (event.amounts == 0) return;
        const auto amounts = OrderAmounts::of(strings_.value(Field::amounts, event.amounts));
        const auto deduction = static_cast<std::int64_t>(amounts.deduction());
        if (!add_entry({OrderEntry::amounts, time, time, -deduction})) event.amounts = 0;
    }
}

OrderEntries OrderLedger::known(std::uint64_t order) const {
    const auto found = known_.find(order);
    return found == known_.end() ? OrderEntries() : found->second;
}

/// Judges an event by what has settled and by those that were shown before it.
void OrderLedger::show(Event& event) {
    const std::uint64_t order = order_of(event);
    const auto [found, is_new] = shown_.try_emplace(order);
    if (is_new) found->second = known(order);
    judge(found->second, event, [&](const OrderEntry& entry) { return found->second.add(entry, period_); });
}

/// Judges an event that is held back by what has settled and by those that arrived before it.
void OrderLedger::arrive(Event& event) {
    const std::uint64_t order = order_of(event);
    const auto [found, is_new] = arrived_.try_emplace(order);
    Arrived& arrived = found->second;
    if (is_new) arrived.entries = known(order);
    ++arrived.held;
    judge(arrived.entries, event,
          [&](const OrderEntry& entry) { return arrived.entries.add(entry, period_); });
}

void OrderLedger::leave(const Event& event) {
    const auto found = arrived_.find(order_of(event));
    if (--found->second.held == 0) arrived_.erase(found);
}

/// Judges an event by what is known, which it is part of from now on.
template <typename Add>
OrderEntries& OrderLedger::learn(Event& event, const Add& add_entry) {
    OrderEntries& entries = known_[order_of(event)];
    const std::size_t before = entries.size();
    judge(entries, event, [&](const OrderEntry& entry) { return add_entry(entries, entry); });
    entries_ += entries.size() - before;
    repeats_ += event.kind == Kind::repeat ? 1 : 0;
    return entries;
}

/// Events settle in the order of time, so that each one only has to look back.
void OrderLedger::settle(Event& event) {
    learn(event, [this](OrderEntries& known, const OrderEntry& entry) { return known.add(entry, period_); });
}

void OrderLedger::take_late(Event& event) {
    OrderEntries& entries = learn(event, [this](OrderEntries& known, const OrderEntry& entry) {
        return known.add_late(entry, period_, displaced_);
    });
    entries.judge_cancellations(event.time, period_, displaced_);
    if (event.time < settled_ - period_) displace_later_ones(event.time);
}

/// An event that is older than what is known may change what the same order counted within the period after
/// it, and these what a cancellation refunded within the period after them. Each day has two moments of the
/// grid at least.
void OrderLedger::displace_later_ones(Timestamp time) {
    constexpr base::Duration grid = std::chrono::hours(12);
    const Timestamp end = std::min(time + 2 * period_, settled_);
    for (time = aligned(time, grid).end; time < end; time += grid) displaced_.insert(time);
}

void OrderLedger::sort(std::vector<Event>& events) const {
    const StringPool& ids = strings_[Field::event];
    std::ranges::sort(events, [&ids](const Event& a, const Event& b) {
        return a.time != b.time ? a.time < b.time : ids.value(a.id) < ids.value(b.id);
    });
}

template <class Archive>
void OrderLedger::serialize(Archive& archive) {
    archive(settled_, forgotten_, held_, displaced_, entries_);
    serialize_map(archive, known_);
    if constexpr (Archive::is_loading::value) {
        for (Event event : held_) arrive(event);
    }
}

void OrderLedger::save(std::ostream& stream) const {
    save_state(stream, [this](auto& archive) { const_cast<OrderLedger*>(this)->serialize(archive); });
}

void OrderLedger::load(std::istream& stream) {
    load_state(stream, [this](auto& archive) { serialize(archive); });
}

/// Removes entries that no later event of their order looks for.
void OrderLedger::forget(Timestamp watermark) {
    if (forgotten_ != no_watermark && watermark - forgotten_ < time_between_looks) return;
    forgotten_ = watermark;
    const Timestamp end = watermark == end_of_time ? watermark : watermark - period_;
    boost::unordered::erase_if(known_, [&](auto& order) {
        entries_ -= order.second.forget(end);
        return order.second.size() == 0;
    });
}

void OrderLedger::mark(Marks& marks) const {
    for (const Event& event : held_) event.mark(marks);
}

}  // namespace millrace::gold
