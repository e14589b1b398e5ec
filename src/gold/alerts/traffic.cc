#include "gold/alerts/traffic.h"

#include <algorithm>

namespace millrace::gold {

namespace {

constexpr std::int64_t baseline_minutes = 60;
constexpr int baseline_days = 7;
constexpr std::int64_t min_minutes_of_an_hour = 30;

}  // namespace

void ShopFigures::add(const Event& event, std::string_view currency) {
    ++events;
    if (event.kind == Kind::view) ++views;
    if (event.kind != Kind::purchase && event.kind != Kind::refund) return;
    auto found = revenue.find(currency);
    if (found == revenue.end()) found = revenue.emplace(currency, Revenue()).first;
    if (event.kind == Kind::refund) {
        found->second.net -= event.amount();
        return;
    }
    ++purchases;
    ++found->second.purchases;
    found->second.net += event.amount();
}

void ShopFigures::add(const ShopFigures& other) {
    events += other.events;
    views += other.views;
    purchases += other.purchases;
    for (const auto& [currency, more] : other.revenue) {
        Revenue& sum = revenue[currency];
        sum.purchases += more.purchases;
        sum.net += more.net;
    }
}

void Traffic::add(const Event& event, std::string_view currency) {
    if (last_ == nullptr || event.time < last_start_ || event.time >= last_start_ + std::chrono::minutes(1)) {
        const Timestamp start = aligned(event.time, std::chrono::minutes(1)).start;
        if (start < settled_) return;
        last_ = &minutes_[start];
        last_start_ = start;
    }
    last_->figures.add(event, currency);
}

void Traffic::pass(Timestamp end, base::Duration longest) {
    if (begins_ == end_of_time) begins_ = std::min(next({no_watermark, end}) + std::chrono::minutes(1), end);
    minutes_[end - std::chrono::minutes(1)];  // creates the minute, since a minute without events counts, too
    settle(end - longest);
}

/// Adds the minutes that no window needs any more to their hours, and drops the minutes and hours that no
/// baseline needs.
void Traffic::settle(Timestamp until) {
    last_ = nullptr;
    for (auto minute = minutes_.lower_bound(settled_); minute != minutes_.end() && minute->first < until;
         ++minute) {
        if (minute->second.frozen || minute->first < begins_) continue;
        Hour& hour = hours_[aligned(minute->first, std::chrono::hours(1)).start];
        hour.figures.add(minute->second.figures);
        ++hour.minutes;
        ++usual_minutes_;
    }
    settled_ = std::max(settled_, until);
    while (usual_minutes_ > baseline_minutes) {
        const auto oldest = minutes_.begin();
        if (!oldest->second.frozen && oldest->first >= begins_) --usual_minutes_;
        minutes_.erase(oldest);
    }
    while (!hours_.empty() && hours_.begin()->first < until - std::chrono::days(baseline_days + 1))
        hours_.erase(hours_.begin());
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

void Traffic::Baseline::add(const ShopFigures& figures, std::int64_t share, std::int64_t of_minutes) {
    const double factor = static_cast<double>(share) / static_cast<double>(of_minutes);
    minutes += of_minutes;
    events += factor * static_cast<double>(figures.events);
    views += factor * static_cast<double>(figures.views);
    purchases += factor * static_cast<double>(figures.purchases);
    for (const auto& [currency, more] : figures.revenue) {
        Revenue& sum = revenue[currency];
        sum.purchases += factor * static_cast<double>(more.purchases);
        sum.net += factor * model::to_double(more.net);
    }
}

/// Returns the sum of the same hour on the days before.
Traffic::Hour Traffic::same_hour(Timestamp hour) const {
    Hour sum;
    for (int day = 1; day <= baseline_days; ++day) {
        const auto found = hours_.find(hour - std::chrono::days(day));
        if (found == hours_.end() || found->second.minutes < min_minutes_of_an_hour) continue;
        sum.figures.add(found->second.figures);
        sum.minutes += found->second.minutes;
    }
    return sum;
}

Traffic::Baseline Traffic::of_earlier_days(Window window) const {
    Baseline usual;
    for (Timestamp hour = aligned(window.start, std::chrono::hours(1)).start; hour < window.end;
         hour += std::chrono::hours(1)) {
        const Hour same = same_hour(hour);
        if (same.minutes == 0) return {};
        const base::Duration overlap =
            std::min(window.end, hour + std::chrono::hours(1)) - std::max(window.start, hour);
        usual.add(same.figures, overlap / std::chrono::minutes(1), same.minutes);
    }
    return usual;
}

Traffic::Baseline Traffic::of_last_hour(Window window) const {
    ShopFigures sum;
    std::int64_t count = 0;
    for (auto minute = minutes_.lower_bound(window.start);
         minute != minutes_.begin() && count < baseline_minutes;) {
        --minute;
        if (minute->second.frozen || minute->first < begins_) continue;
        sum.add(minute->second.figures);
        ++count;
    }
    Baseline usual;
    if (count > 0) usual.add(sum, (window.end - window.start) / std::chrono::minutes(1), count);
    return usual;
}

Traffic::Baseline Traffic::baseline(Window window) const {
    Baseline usual = of_earlier_days(window);
    return usual.minutes > 0 ? usual : of_last_hour(window);
}

void Traffic::note(Window window, AlertRule rule, bool frozen) {
    for (auto minute = minutes_.lower_bound(std::max(window.start, settled_));
         minute != minutes_.end() && minute->first < window.end; ++minute) {
        minute->second.rules |= rule_bit(rule);
        minute->second.frozen |= frozen;
    }
}

bool Traffic::is_noted(Window window, unsigned rules) const {
    for (auto minute = minutes_.lower_bound(window.start);
         minute != minutes_.end() && minute->first < window.end; ++minute) {
        if ((minute->second.rules & rules) != 0) return true;
    }
    return false;
}

}  // namespace millrace::gold
