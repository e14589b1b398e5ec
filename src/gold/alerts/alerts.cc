#include "gold/alerts/alerts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "base/units.h"

namespace millrace::gold {

namespace {

/// If event time and log time differ by at most this, silence in log time is treated as silence in event
/// time.
constexpr base::Duration max_clock_distance = std::chrono::hours(1);
/// After silence of this length, further silent steps are skipped.
constexpr base::Duration max_silence = std::chrono::days(1);
/// The share of the limits for high interest that a product must keep while its alert fires.
constexpr double kept_interest = 0.5;
/// After this time, an unusual level counts as the usual one.
constexpr base::Duration max_unusual = std::chrono::days(1);

std::string minutes(base::Duration window) {
    return base::format_counted(window / std::chrono::minutes(1), "minute");
}

Window before(Timestamp end, const RuleSettings& settings) {
    return {end - settings.window, end};
}

}  // namespace

void Alerts::add(const std::vector<Event>& events) {
    if (!rules_) return;
    for (const Event& event : events) {
        traffic_.add(event, strings_.value(Field::currency, event.currency));
        products_.add(event);
        if (event.kind != Kind::add_to_cart && event.kind != Kind::purchase) continue;
        baskets_.add(event, combine(strings_[Field::user].hash(event.user),
                                    strings_[Field::session].hash(event.session)));
    }
}

void Alerts::judge(Timestamp clock) {
    if (!rules_ || clock == no_watermark) return;
    clock_ = std::max(clock_, clock);
    const Timestamp end = aligned(clock, SlidingProductCounts::step).start;
    if (judged_ == no_watermark)
        judged_ = active_until_ = traffic_.next({no_watermark, aligned(end, std::chrono::minutes(1)).start});
    while (judged_ < end) {
        if (judged_ - active_until_ >= max_silence)
            judged_ =
                std::max(judged_, traffic_.next({aligned(judged_, std::chrono::minutes(1)).start, end}));
        if (judged_ >= end) break;
        judged_ += SlidingProductCounts::step;
        judge_step(judged_);
    }
}

void Alerts::judge_step(Timestamp end) {
    const RuleSettings& interest = (*rules_)[AlertRule::high_interest];
    products_.slide({end - interest.window, end}, std::llround(kept_interest * interest.min_samples));
    judge_interest(end);
    if (end == aligned(end, std::chrono::minutes(1)).start) judge_minute(end);
}

void Alerts::judge_minute(Timestamp end) {
    base::Duration longest = std::chrono::minutes(1);
    for (const AlertRule rule : {AlertRule::traffic_gap, AlertRule::traffic_spike, AlertRule::conversion_drop,
                                 AlertRule::revenue_drop, AlertRule::cart_abandonment})
        longest = std::max(longest, (*rules_)[rule].window);
    traffic_.pass(end, longest);
    baskets_.pass(end, end - longest);
    if (traffic_.in({end - std::chrono::minutes(1), end}).events > 0) active_until_ = end;
    judge_traffic(end);
    judge_conversion(end);
    judge_revenue(end);
    judge_carts(end);
}

/// Evaluates products in the order of their names, so that the result is the same after a restart. A product
/// whose alert fires may lose some interest before the alert is resolved.
void Alerts::judge_interest(Timestamp end) {
    const RuleSettings& settings = (*rules_)[AlertRule::high_interest];
    const auto share_of = [&](const ViewPurchaseCounts& product) {
        return static_cast<double>(product.views) / static_cast<double>(products_.views());
    };
    std::map<std::string, ViewPurchaseCounts> products;
    for (const std::string& subject : states_.subjects(AlertRule::high_interest)) products[subject] = {};
    for (const StringId candidate : products_.candidates()) {
        const ViewPurchaseCounts& product = products_.of(candidate);
        if (share_of(product) < kept_interest * settings.min_share) continue;
        std::string name(strings_.value(Field::product, candidate));
        const bool fires = static_cast<double>(product.views) >= settings.min_samples &&
                           share_of(product) >= settings.min_share;
        if (fires || products.contains(name)) products[std::move(name)] = product;
    }
    for (const auto& [name, product] : products) {
        if (product.views == 0) {
            judge(AlertRule::high_interest, name, end, {1.0, [&] {
                                                            return fmt::format(
                                                                "{} no longer has {:.0f}% of all views", name,
                                                                100 * settings.min_share);
                                                        }});
            continue;
        }
        const double upper = wilson_upper({.hits = product.purchases, .trials = product.views});
        const double conversion = static_cast<double>(product.purchases) / static_cast<double>(product.views);
        judge(AlertRule::high_interest, name, end,
              {upper,
               [&] {
                   return fmt::format(
                       "{} has {:.1f}% of all views ({} in {}) and {}: conversion is below {:.1f}%", name,
                       100 * share_of(product), product.views, minutes(settings.window),
                       base::format_counted(product.purchases, "purchase"), 100 * upper);
               },
               conversion});
    }
}

/// Returns the baseline of the window, or nothing if the window is not complete or the baseline is too short.
std::optional<Traffic::Baseline> Alerts::baseline_in(Window window, const RuleSettings& settings) const {
    if (window.start < traffic_.begins()) return std::nullopt;
    Traffic::Baseline usual = traffic_.baseline(window);
    if (usual.minutes == 0 || std::chrono::minutes(usual.minutes) < settings.history) return std::nullopt;
    return usual;
}

void Alerts::judge_traffic(Timestamp end) {
    for (const AlertRule rule : {AlertRule::traffic_gap, AlertRule::traffic_spike}) {
        const RuleSettings& settings = (*rules_)[rule];
        const Window window = before(end, settings);
        const auto usual = baseline_in(window, settings);
        AlertVerdict verdict;
        if (usual && usual->events > 0) {
            const auto events = static_cast<double>(traffic_.in(window).events);
            const double expected = usual->events;
            if ((rule == AlertRule::traffic_gap ? expected : events) >= settings.min_samples)
                verdict = {events / expected, [=, &settings] {
                               return fmt::format("{} in {}; the usual number is {:.0f}",
                                                  base::format_counted(std::llround(events), "event"),
                                                  minutes(settings.window), expected);
                           }};
        }
        judge_and_note(rule, "", window, verdict);
    }
}

void Alerts::judge_conversion(Timestamp end) {
    const RuleSettings& settings = (*rules_)[AlertRule::conversion_drop];
    const Window window = before(end, settings);
    const auto usual = baseline_in(window, settings);
    const ShopFigures now = traffic_.in(window);
    AlertVerdict verdict;
    if (usual && usual->views > 0 && usual->purchases > 0 && now.views > 0 &&
        !traffic_.is_noted(window, rule_bit(AlertRule::traffic_gap) | rule_bit(AlertRule::traffic_spike))) {
        const double conversion = usual->purchases / usual->views;
        const auto views = static_cast<double>(now.views);
        if (conversion * views >= settings.min_samples)
            verdict = {wilson_upper({.hits = now.purchases, .trials = now.views}) / conversion,
                       [&, conversion, views] {
                           return fmt::format(
                               "{} from {} in {}: conversion is {:.2f}%, and {:.2f}% is usual",
                               base::format_counted(now.purchases, "purchase"),
                               base::format_counted(now.views, "view"), minutes(settings.window),
                               100 * static_cast<double>(now.purchases) / views, 100 * conversion);
                       },
                       static_cast<double>(now.purchases) / views / conversion};
    }
    judge_and_note(AlertRule::conversion_drop, "", window, verdict);
}

/// Evaluates each currency separately.
void Alerts::judge_revenue(Timestamp end) {
    const RuleSettings& settings = (*rules_)[AlertRule::revenue_drop];
    const Window window = before(end, settings);
    const auto usual = baseline_in(window, settings);
    if (!usual) return;
    ShopFigures now = traffic_.in(window);
    const bool other_cause =
        traffic_.is_noted(window, rule_bit(AlertRule::traffic_gap) | rule_bit(AlertRule::conversion_drop));
    for (const auto& [currency, expected] : usual->revenue) {
        AlertVerdict verdict;
        if (!other_cause && expected.net > 0 && expected.purchases >= settings.min_samples) {
            const double revenue = model::to_double(now.revenue[currency].net);
            verdict = {revenue / expected.net, [&, revenue] {
                           return fmt::format("{:.2f} {} of revenue in {}; the usual amount is {:.2f}",
                                              revenue, currency, minutes(settings.window), expected.net);
                       }};
        }
        judge_and_note(AlertRule::revenue_drop, currency, window, verdict);
    }
}

void Alerts::judge_carts(Timestamp end) {
    const RuleSettings& settings = (*rules_)[AlertRule::cart_abandonment];
    const Window window = before(end, settings);
    const auto outcome = baskets_.in(window);
    AlertVerdict verdict;
    if (static_cast<double>(outcome.carts) >= settings.min_samples &&
        !traffic_.is_noted(window, rule_bit(AlertRule::traffic_gap)))
        verdict = {wilson_lower({.hits = outcome.abandoned, .trials = outcome.carts}),
                   [&] {
                       return fmt::format("{} of {} abandoned in {}", outcome.abandoned,
                                          base::format_counted(outcome.carts, "cart"),
                                          minutes(settings.window));
                   },
                   static_cast<double>(outcome.abandoned) / static_cast<double>(outcome.carts)};
    judge(AlertRule::cart_abandonment, "", end, verdict);
}

void Alerts::judge(const PipelineHealth& health) {
    if (!rules_) return;
    health_.take(health, (*rules_)[AlertRule::quarantine_rate].window);
    judge_quality(health.committed_at);
    judge_progress(health.committed_at);
}

void Alerts::judge_quality(Timestamp now) {
    const RuleSettings& settings = (*rules_)[AlertRule::quarantine_rate];
    const auto recent = health_.recent();
    AlertVerdict verdict;
    if (recent.received > 0 && static_cast<double>(recent.received) >= settings.min_samples)
        verdict = {static_cast<double>(recent.quarantined) / static_cast<double>(recent.received), [&] {
                       return fmt::format("{} of {} quarantined in {}", recent.quarantined,
                                          base::format_counted(recent.received, "record"),
                                          minutes(settings.window));
                   }};
    judge(AlertRule::quarantine_rate, "", now, verdict);
}

/// If no records wait in the log, Silver is up to date, and its age counts as 0.
void Alerts::judge_progress(Timestamp now) {
    const std::int64_t behind = health_.behind();
    judge(AlertRule::lag, "", now, {static_cast<double>(behind), [behind] {
                                        return fmt::format("silver is {} behind the log",
                                                           base::format_counted(behind, "record"));
                                    }});
    const std::chrono::duration<double> since_newest = now - health_.newest();
    const double age = behind == 0 ? 0 : std::max(0.0, since_newest.count());
    judge(AlertRule::freshness, "", now,
          {age, [age] { return fmt::format("silver's newest record is {:.0f} s old", age); }});
}

bool Alerts::tick_due(base::WallTime time) const {
    const Timestamp committed = health_.committed();
    return rules_ && committed != Timestamp() &&
           aligned(time, std::chrono::minutes(1)).start > std::max(ticked_, committed);
}

void Alerts::tick(base::WallTime time) {
    if (!tick_due(time)) return;
    const Timestamp now = aligned(time, std::chrono::minutes(1)).start;
    const Timestamp committed = health_.committed();
    ticked_ = now;
    judge_progress(now);
    if (health_.behind() > 0 || clock_ == no_watermark ||
        std::chrono::abs(committed - clock_) > max_clock_distance)
        return;
    const Timestamp clock = clock_;
    judge(clock + (now - committed));
    clock_ = clock;  // only events move the clock
}

void Alerts::judge(AlertRule rule, const std::string& subject, Timestamp at, const AlertVerdict& verdict) {
    RuleSettings settings = (*rules_)[rule];
    if (settings.enabled) return states_.judge(rule, settings, subject, at, verdict, changes_);
    settings.resolve_after = {};
    states_.judge(rule, settings, subject, at,
                  {settings.resolve_threshold, [] { return "the rule was switched off"; }}, changes_);
}

void Alerts::judge_and_note(AlertRule rule, const std::string& subject, Window window,
                            const AlertVerdict& verdict) {
    judge(rule, subject, window.end, verdict);
    if (const auto since = states_.since(rule, subject))
        traffic_.note(window, rule, window.end - *since < max_unusual);
}

void Alerts::published(model::AlertSequence sequence) {
    std::erase_if(changes_, [&](const model::Alert& change) { return change.sequence <= sequence; });
}

}  // namespace millrace::gold
