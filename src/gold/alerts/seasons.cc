#include "gold/alerts/seasons.h"

#include <algorithm>
#include <cmath>

namespace millrace::gold {

namespace {

constexpr std::size_t max_currencies = 32;
constexpr int recent_minutes = 60;
constexpr Season::SlotNumber slots_of_a_day = std::chrono::days(1) / Season::slot_length;
/// A slot is settled when it has been complete for so long.
constexpr base::Duration until_settled = std::chrono::hours(1);
constexpr base::Duration first_week = std::chrono::days(7);

}  // namespace

Figure RuleFigure::of(const ShopFigures& figures) const {
    switch (rule) {
        case AlertRule::conversion_drop:
            return {static_cast<double>(figures.purchases), static_cast<double>(figures.views)};
        case AlertRule::revenue_drop:
            return {figures.net_in(currency), 0};
        default:
            return {static_cast<double>(figures.events), 0};
    }
}

RuleSet RuleFigure::frozen_by() const {
    constexpr RuleSet traffic = rule_set(AlertRule::traffic_gap, AlertRule::traffic_spike);
    switch (rule) {
        case AlertRule::conversion_drop:
            return traffic | rule_set(AlertRule::conversion_drop);
        case AlertRule::revenue_drop:
            return traffic | rule_set(AlertRule::conversion_drop, AlertRule::revenue_drop);
        default:
            return traffic;
    }
}

Recent recent(const Traffic& traffic, const RuleFigure& figure, Timestamp end) {
    Recent recent;
    traffic.last_usual(end, recent_minutes, figure.frozen_by(), [&](const ShopFigures& minute) {
        const Figure value = figure.of(minute);
        ++recent.minutes;
        recent.sum.add(value);
        recent.squares += value.value * value.value;
    });
    return recent;
}

/// Calls `visit(season, figure)` for all seasons.
template <typename Visit>
void Seasons::each(Visit&& visit) {
    visit(events_, RuleFigure{AlertRule::traffic_gap, {}});
    visit(conversion_, RuleFigure{AlertRule::conversion_drop, {}});
    for (auto& [currency, season] : revenue_) visit(season, RuleFigure{AlertRule::revenue_drop, currency});
}

bool Seasons::is_young(Timestamp time) const {
    return !first_ || time - Season::start_of(*first_) < first_week;
}

Season* Seasons::find(const RuleFigure& figure) {
    if (figure.rule == AlertRule::conversion_drop) return &conversion_;
    if (figure.rule != AlertRule::revenue_drop) return &events_;
    const auto found = revenue_.find(figure.currency);
    return found == revenue_.end() ? nullptr : &found->second;
}

void Seasons::pass(Timestamp end, const Traffic& traffic) {
    const Timestamp start = end - std::chrono::minutes(1);
    const Season::SlotNumber slot = Season::slot_of(start);
    for (const auto& [currency, net] : traffic.in({start, end}).net) {
        if (revenue_.contains(currency) || revenue_.size() >= max_currencies) continue;
        revenue_.emplace(currency, Season(Season::Kind::money));
    }
    if (!first_) {
        first_ = slot;
        settled_ = slot - 1;
    }
    const Season::SlotNumber settled = Season::slot_of(start - until_settled) - 1;
    const Season::SlotNumber first = std::max(*settled_, settled - slots_of_a_day);  // older ones are unknown
    for (Season::SlotNumber each = first + 1; each <= settled; ++each) settle(each, traffic);
    settled_ = std::max(*settled_, settled);
    begin(slot, start, traffic);
}

void Seasons::settle(Season::SlotNumber slot, const Traffic& traffic) {
    const Window window{Season::start_of(slot), Season::start_of(slot + 1)};
    const bool all = is_young(window.start);
    each([&](Season& season, const RuleFigure& figure) {
        Figure sum;
        int minutes = 0;
        traffic.each_usual(window, all ? 0 : figure.frozen_by(), [&](const ShopFigures& minute) {
            sum.add(figure.of(minute));
            ++minutes;
        });
        season.settle(slot, sum, minutes);
    });
}

void Seasons::begin(Season::SlotNumber slot, Timestamp now, const Traffic& traffic) {
    each([&](Season& season, const RuleFigure& figure) {
        if (season.has_begun(slot)) return;
        double rough_dispersion = 1;
        if (figure.rule == AlertRule::revenue_drop) {
            const Recent past = recent(traffic, figure, now);
            if (past.sum.value > 0) rough_dispersion = past.squares / past.sum.value;
        }
        season.begin(slot, zone_, rough_dispersion);
    });
}

}  // namespace millrace::gold
