#include "gold/orders.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gold/order_amounts.h"

namespace millrace::gold {

namespace {

constexpr base::Duration time_between_sweeps = std::chrono::hours(1);

Timestamp hour_end(Timestamp time) {
    return aligned(time, std::chrono::hours(1)).end;
}

/// By how much an order's total differs from its lines. Some shops' prices contain the tax, and some shops'
/// totals leave the shipping out, so the nearest of these sums counts.
model::Money missing_of(const OrderAmounts& amounts, model::Money lines) {
    const auto or_zero = [](std::int64_t member) { return OrderAmounts::value(member).value_or(0); };
    const model::Money shipping = or_zero(amounts.shipping);
    const model::Money tax = or_zero(amounts.tax);
    const model::Money rest = amounts.total - lines;
    const std::array<model::Money, 4> missing = {rest, rest - shipping, rest - tax, rest - shipping - tax};
    return std::ranges::min(missing, {}, [](model::Money money) { return money < 0 ? -money : money; });
}

}  // namespace

void Orders::add(const std::vector<Event>& events) {
    for (const Event& event : events) {
        if (event.has_order()) take(event);
    }
}

/// In a state that is remembered, closed orders stay as they are: what is shown is taken out again.
void Orders::take(const Event& event) {
    const std::uint64_t hash = Operator::hash(Field::order, event.order);
    if (const auto found = open_.find(event.order); found != open_.end()) {
        Order& order = found->second;
        if (is_near(order.span, event.time) && event.time >= closed_) {
            if (remembered_) remembered_->try_emplace(event.order, order);
            return add_to(order, event);
        }
        if (remembered_) return;
        if (is_near(order.span, event.time)) {  // it began in an hour that is closed
            known_[hash] = {event.time, order.span.last};
            open_.erase(found);
            return;
        }
        if (event.time < order.span.first) return;  // an order of its own, whose days are noted
        ended_.emplace_back(event.order, order);
        open_.erase(found);
        return begin(hash, event);
    }
    const auto known = known_.find(hash);
    if (known != known_.end() && is_near(known->second, event.time)) {
        if (!remembered_) known->second.add(event.time);
        return;
    }
    begin(hash, event);
}

void Orders::begin(std::uint64_t hash, const Event& event) {
    if (event.time >= end_) return;
    if (event.time < closed_) {
        if (remembered_) return;
        const auto [known, is_new] = known_.try_emplace(hash, Span{event.time, event.time});
        if (!is_new && known->second.last < event.time) known->second = {event.time, event.time};
        return;
    }
    Order order;
    order.span = {event.time, event.time};
    if (remembered_) remembered_->try_emplace(event.order);
    add_to(open_.insert_or_assign(event.order, order).first->second, event);
}

void Orders::add_to(Order& order, const Event& event) const {
    order.span.add(event.time);
    const auto rank = [this](Kind kind, Timestamp time, StringId id) {
        return std::tuple(!is_purchase(kind), time, text(Field::event, id));
    };
    if (order.id == 0 || rank(event.kind, event.time, event.id) < rank(order.kind, order.time, order.id)) {
        order.kind = event.kind;
        order.time = event.time;
        order.id = event.id;
        order.user = event.user;
        order.session = event.session;
        order.currency = event.currency;
        order.channel = is_purchase(event.kind) ? channel_of_(event) : Channel::unknown;
    }
    if (event.amounts != 0) {
        order.discount += OrderAmounts::of(text(Field::amounts, event.amounts)).deduction();
        if (order.amounts == 0 || event.time < order.amounts_time) {
            order.amounts = event.amounts;
            order.amounts_time = event.time;
        }
    }
    switch (event.kind) {
        case Kind::purchase:
            ++order.lines;
            order.items += event.items;
            order.gross += event.amount();
            break;
        case Kind::repeat:
            ++order.repeats;
            break;
        case Kind::cancellation:
            order.cancelled = true;
            [[fallthrough]];
        case Kind::refund:
            order.refunded += event.amount();
            break;
        default:
            break;
    }
}

void Orders::note_held(const std::vector<Event>& events) {
    for (const Event& event : events) note_one(event);
}

void Orders::note_closed(const std::function<bool(std::uint64_t order)>& held) {
    for (const std::uint64_t order : written_) {
        const auto known = known_.find(order);
        if (known != known_.end() && held(order)) note_day(known->second.first);
    }
}

/// An order that is open is computed again after it is written.
void Orders::note_late(const std::vector<Event>& events) {
    for (const Event& event : events) {
        if (!event.has_order()) continue;
        note_one(event);
        if (const auto open = open_.find(event.order); open != open_.end()) open->second.has_late = true;
    }
}

void Orders::note_one(const Event& event) {
    const std::uint64_t hash = Operator::hash(Field::order, event.order);
    if (open_.contains(event.order)) {
        if (event.time < closed_) note_far(event.time);
        return;
    }
    const auto known = known_.find(hash);
    if (known != known_.end() && is_near(known->second, event.time)) {
        note_day(known->second.first);
        if (event.time < known->second.first) note_far(event.time);
        return;
    }
    if (event.time < closed_) note_far(event.time);
}

/// Notes the day of an event before what is known of its order. If it is old, the order may have begun
/// before it, and may have been forgotten.
void Orders::note_far(Timestamp time) {
    note_day(time);
    if (time >= closed_ - life_ || !far_.insert(zone_.day_of(time)).second) return;
    for (std::int64_t day = zone_.day_of(time - life_); day < zone_.day_of(time); ++day) noted_.insert(day);
}

std::set<std::int64_t> Orders::take_noted() {
    far_.clear();
    return std::exchange(noted_, {});
}

void Orders::remember() {
    Operator::remember();
    remembered_.emplace();
}

void Orders::restore() {
    Operator::restore();
    for (auto& [id, before] : *remembered_) {
        if (before) {
            open_.insert_or_assign(id, *before);
        } else {
            open_.erase(id);
        }
    }
    remembered_.reset();
}

void Orders::close(Timestamp watermark, Output& output) {
    const Timestamp reached = watermark == end_of_time || watermark == no_watermark
                                  ? watermark
                                  : aligned(watermark, std::chrono::hours(1)).start;
    written_.clear();
    if (reached <= closed_) return;
    closed_ = reached;
    const auto ends = [reached](const Order& order) { return hour_end(order.span.first) <= reached; };
    boost::unordered::erase_if(open_, [&](const auto& open) {
        const auto& [id, order] = open;
        if (!ends(order)) return false;
        write(id, order, output);
        if (order.has_late) note_day(order.span.first);
        const std::uint64_t hash = Operator::hash(Field::order, id);
        known_[hash] = order.span;
        written_.push_back(hash);
        return true;
    });
    std::erase_if(ended_, [&](const auto& ended) {
        if (!ends(ended.second)) return false;
        write(ended.first, ended.second, output);
        return true;
    });
    forget(watermark);
}

void Orders::peek(Output& output) const {
    for (const auto& [id, order] : open_) write(id, order, output);
    for (const auto& [id, order] : ended_) write(id, order, output);
}

void Orders::write(StringId id, const Order& order, Output& output) const {
    const auto amounts = OrderAmounts::of(text(Field::amounts, order.amounts));
    const model::Money charged = order.gross - order.discount;
    const bool has_total = amounts.total != OrderAmounts::absent;
    const auto missing = has_total ? std::optional(missing_of(amounts, charged)) : std::nullopt;
    const model::Money most = std::max(charged, OrderAmounts::value(amounts.total).value_or(charged));
    const bool bought_at_once = hour_end(order.time) == hour_end(order.span.first);
    output[Table::orders]
        .add(zone_.day_of(order.span.first))
        .text(text(Field::order, id))
        .text(text(Field::user, order.user))
        .text_or_null(text(Field::session, order.session))
        .time(order.span.first)
        .time(order.span.last)
        .text(text(Field::currency, order.currency))
        .count(order.lines)
        .count(order.items)
        .money(order.gross)
        .money(order.discount)
        .money_or_null(OrderAmounts::value(amounts.shipping))
        .money_or_null(OrderAmounts::value(amounts.tax))
        .money_or_null(OrderAmounts::value(amounts.total))
        .money(order.refunded)
        .money(charged - order.refunded)
        .count(order.repeats)
        .count(amounts.refused)
        .money_or_null(missing)
        .flag(missing ? *missing == 0 : amounts.refused == 0)
        .flag(order.cancelled)
        .flag(order.refunded > most)
        .text(text(Field::user, order.user))
        .text_or_null(name_of(bought_at_once ? order.channel : Channel::unknown));
}

/// Removes orders that take no more events.
void Orders::forget(Timestamp watermark) {
    if (watermark == end_of_time) return;
    if (forgotten_ != no_watermark && watermark - forgotten_ < time_between_sweeps) return;
    forgotten_ = watermark;
    boost::unordered::erase_if(known_,
                               [&](const auto& order) { return order.second.last < watermark - life_; });
}

void Orders::mark(Marks& marks) const {
    const auto mark_all = [&marks](const auto& orders) {
        for (const auto& [id, order] : orders) {
            marks.mark(Field::order, id);
            marks.mark(Field::event, order.id);
            marks.mark(Field::user, order.user);
            marks.mark(Field::session, order.session);
            marks.mark(Field::currency, order.currency);
            marks.mark(Field::amounts, order.amounts);
        }
    };
    mark_all(open_);
    mark_all(ended_);
}

}  // namespace millrace::gold
