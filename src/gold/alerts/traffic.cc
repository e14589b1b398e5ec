#include "gold/alerts/traffic.h"

#include <algorithm>

namespace millrace::gold {

namespace {

/// Minutes older than this say nothing about what is usual now.
constexpr base::Duration kept_time = std::chrono::hours(26);
/// A slot of a season is settled when it has been complete for an hour; until then its minutes take events.
constexpr base::Duration time_to_settle = std::chrono::minutes(80);

}  // namespace

void ShopFigures::add(const Event& event, std::string_view currency) {
    ++events;
    if (event.kind == Kind::view) ++views;
    if (event.kind == Kind::purchase) ++purchases;
    if (event.kind != Kind::purchase && !is_refund(event.kind)) return;
    auto found = net.find(currency);
    if (found == net.end()) found = net.emplace(currency, 0).first;
    found->second += is_refund(event.kind) ? -event.amount() : event.amount();
}

void ShopFigures::add(const ShopFigures& other) {
    events += other.events;
    views += other.views;
    purchases += other.purchases;
    for (const auto& [currency, more] : other.net) net[currency] += more;
}

double ShopFigures::net_in(std::string_view currency) const {
    const auto found = net.find(currency);
    return found == net.end() ? 0 : model::to_double(found->second);
}

void Traffic::add(const Event& event, std::string_view currency) {
    if (last_ == nullptr || event.time < last_start_ || event.time >= last_start_ + std::chrono::minutes(1)) {
        const Timestamp start = aligned(event.time, std::chrono::minutes(1)).start;
        if (start < forgotten_) return;
        last_ = &minutes_[start];
        last_start_ = start;
    }
    last_->figures.add(event, currency);
}

void Traffic::pass(Timestamp end, base::Duration longest) {
    if (begins_ == end_of_time) begins_ = std::min(next({no_watermark, end}) + std::chrono::minutes(1), end);
    minutes_[end - std::chrono::minutes(1)];  // creates the minute, since a minute without events counts, too
    forgotten_ = std::max(forgotten_, end - std::max(longest, time_to_settle));
    forget(end - kept_time);
}

void Traffic::forget(Timestamp until) {
    last_ = nullptr;
    minutes_.erase(minutes_.begin(), minutes_.lower_bound(until));
}

Timestamp Traffic::next(Window range) const {
    const auto found = minutes_.lower_bound(range.start);
    return found == minutes_.end() ? range.end : std::min(found->first, range.end);
}

ShopFigures Traffic::in(Window window) const {
    ShopFigures sum;
    for (auto minute = minutes_.lower_bound(window.start);
         minute != minutes_.end() && minute->first < window.end; ++minute)
        sum.add(minute->second.figures);
    return sum;
}

void Traffic::each_usual(Window window, RuleSet rules, const VisitMinute& visit) const {
    for (auto minute = minutes_.lower_bound(std::max(window.start, begins_));
         minute != minutes_.end() && minute->first < window.end; ++minute) {
        if ((minute->second.frozen & rules) == 0) visit(minute->second.figures);
    }
}

void Traffic::last_usual(Timestamp end, int count, RuleSet rules, const VisitMinute& visit) const {
    for (auto minute = minutes_.lower_bound(end); minute != minutes_.begin() && count > 0;) {
        --minute;
        if (minute->first < begins_) return;
        if ((minute->second.frozen & rules) != 0) continue;
        visit(minute->second.figures);
        --count;
    }
}

void Traffic::note(Window window, AlertRule rule, bool frozen) {
    for (auto minute = minutes_.lower_bound(window.start);
         minute != minutes_.end() && minute->first < window.end; ++minute) {
        minute->second.noted |= rule_set(rule);
        if (frozen) minute->second.frozen |= rule_set(rule);
    }
}

bool Traffic::is_noted(Window window, RuleSet rules) const {
    for (auto minute = minutes_.lower_bound(window.start);
         minute != minutes_.end() && minute->first < window.end; ++minute) {
        if ((minute->second.noted & rules) != 0) return true;
    }
    return false;
}

}  // namespace millrace::gold
