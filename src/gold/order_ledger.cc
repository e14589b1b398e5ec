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

/// What an entry is that is no line. The hash of a line is odd.
constexpr std::uint64_t refund_entry = 0;
constexpr std::uint64_t cancellation_entry = 2;
constexpr std::uint64_t amounts_entry = 4;

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

/// The latest entry of a line whose repeats an event at this time would continue, or come before.
OrderLedger::Entry* OrderLedger::find(Entries& entries, std::uint64_t line, Timestamp time) const {
    Entry* found = nullptr;
    for (Entry& entry : std::ranges::equal_range(entries, line, {}, &Entry::line)) {
        if (entry.first - time <= period_ && time - entry.last <= period_ &&
            (found == nullptr || entry.last > found->last))
            found = &entry;
    }
    return found;
}

void OrderLedger::insert(Entries& entries, const Entry& entry) {
    entries.insert(std::ranges::upper_bound(entries, entry.line, {}, &Entry::line), entry);
}

/// Adds an entry, unless it repeats one. Returns whether it counts.
bool OrderLedger::add(Entries& entries, const Entry& entry) const {
    Entry* const found = find(entries, entry.line, entry.first);
    if (found == nullptr) {
        insert(entries, entry);
        return true;
    }
    found->last = std::max(found->last, entry.last);
    return false;
}

/// Does so for one that came late, which takes the place of later ones.
bool OrderLedger::add_late(Entries& entries, const Entry& entry) {
    Entry* const found = find(entries, entry.line, entry.first);
    if (found == nullptr || entry.first >= found->first) return add(entries, entry);
    displaced_.insert(std::exchange(found->first, entry.first));
    found->amount = entry.amount;
    return true;
}

/// Sets what an event counts, and adds its entries with `add_entry`, which returns whether an entry counts.
template <typename Add>
void OrderLedger::judge(Entries& entries, Event& event, const Add& add_entry) const {
    const Timestamp time = event.time;
    if (event.kind == Kind::refund) {
        insert(entries, {refund_entry, time, time, -worth(event)});
    } else if (event.kind == Kind::cancellation) {
        event.price = left_of(entries, time).value_or(worth(event));
        event.quantity = 1;
        insert(entries, {cancellation_entry, time, time, -event.price});
    } else {
        event.kind = add_entry({event.line, time, time, worth(event)}) ? Kind::purchase : Kind::repeat;
        if (event.amounts == 0) return;
        const auto amounts = OrderAmounts::of(strings_.value(Field::amounts, event.amounts));
        const auto deduction = static_cast<std::int64_t>(amounts.deduction());
        if (!add_entry({amounts_entry, time, time, -deduction})) event.amounts = 0;
    }
}

OrderLedger::Entries OrderLedger::known(std::uint64_t order) const {
    const auto found = known_.find(order);
    return found == known_.end() ? Entries() : found->second;
}

/// Judges an event by what has settled and by those that were shown before it.
void OrderLedger::show(Event& event) {
    const std::uint64_t order = order_of(event);
    const auto [found, is_new] = shown_.try_emplace(order);
    if (is_new) found->second = known(order);
    judge(found->second, event, [&](const Entry& entry) { return add(found->second, entry); });
}

/// Judges an event that is held back by what has settled and by those that arrived before it.
void OrderLedger::arrive(Event& event) {
    const std::uint64_t order = order_of(event);
    const auto [found, is_new] = arrived_.try_emplace(order);
    Arrived& arrived = found->second;
    if (is_new) arrived.entries = known(order);
    ++arrived.held;
    judge(arrived.entries, event, [&](const Entry& entry) { return add(arrived.entries, entry); });
}

void OrderLedger::leave(const Event& event) {
    const auto found = arrived_.find(order_of(event));
    if (--found->second.held == 0) arrived_.erase(found);
}

/// What a cancellation refunds: what is left of an order. Nothing where no line counts.
std::optional<std::int64_t> OrderLedger::left_of(const Entries& entries, Timestamp time) const {
    std::int64_t left = 0;
    bool has_lines = false;
    for (const Entry& entry : entries) {
        if (entry.first > time || time - entry.first > period_) continue;
        left += entry.amount;
        has_lines |= entry.line % 2 != 0;
    }
    return has_lines ? std::optional(std::max<std::int64_t>(left, 0)) : std::nullopt;
}

/// Cancellations after an event that came late may have refunded another amount, and so may those after them.
/// A line before the period after it may count no longer, and so be missing in the period after that.
void OrderLedger::judge_cancellations(Entries& entries, Timestamp since) {
    std::vector<Entry*> later;
    for (Entry& entry : std::ranges::equal_range(entries, cancellation_entry, {}, &Entry::line)) {
        if (entry.first >= since && entry.first - since <= 2 * period_) later.push_back(&entry);
    }
    std::ranges::sort(later, {}, &Entry::first);
    std::vector<std::int64_t> before;
    before.reserve(later.size());
    for (Entry* each : later) before.push_back(std::exchange(each->amount, 0));
    for (std::size_t i = 0; i < later.size(); ++i) {
        const auto left = left_of(entries, later[i]->first);
        later[i]->amount = left ? -*left : before[i];
        displaced_.insert(later[i]->first);
    }
}

/// Judges an event by what is known, which it is part of from now on.
template <typename Add>
OrderLedger::Entries& OrderLedger::learn(Event& event, const Add& add_entry) {
    Entries& entries = known_[order_of(event)];
    const std::size_t before = entries.size();
    judge(entries, event, [&](const Entry& entry) { return add_entry(entries, entry); });
    entries_ += entries.size() - before;
    repeats_ += event.kind == Kind::repeat ? 1 : 0;
    return entries;
}

/// Events settle in the order of time, so that each one only has to look back.
void OrderLedger::settle(Event& event) {
    learn(event, [this](Entries& entries, const Entry& entry) { return add(entries, entry); });
}

void OrderLedger::take_late(Event& event) {
    Entries& entries =
        learn(event, [this](Entries& known, const Entry& entry) { return add_late(known, entry); });
    judge_cancellations(entries, event.time);
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
        entries_ -= std::erase_if(order.second, [&](const Entry& entry) { return entry.last < end; });
        return order.second.empty();
    });
}

void OrderLedger::mark(Marks& marks) const {
    for (const Event& event : held_) event.mark(marks);
}

}  // namespace millrace::gold
