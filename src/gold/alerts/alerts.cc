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

/// Evaluations of windows that overlap are not independent: as many windows count as ten times those that do
/// not overlap (Pickands, "Upcrossing probabilities for stationary Gaussian processes", 1969).
constexpr double windows_per_length = 10;
constexpr std::chrono::duration<double> month = std::chrono::days(30);
/// Until the season is known, a difference from the last hour matters only beyond these shares.
constexpr double recent_drop = 0.3;
constexpr double recent_spike = 3;
constexpr double recent_resolve = 0.6;

constexpr const char* purchases_per_view = "purchases per view";

std::string minutes(base::Duration window) {
    return base::format_counted(window / std::chrono::minutes(1), "minute");
}

Window before(Timestamp end, const RuleSettings& settings) {
    return {end - settings.window, end};
}

/// The verdict of a rule with a fixed threshold. `estimate` is compared with `resolve_threshold`; it differs
/// from `value` if `value` is a confidence bound.
AlertVerdict compared_with_threshold(AlertRule rule, const RuleSettings& settings, double value,
                                     double estimate, const char* unit,
                                     std::function<std::string()> message) {
    const bool below = rule_kind(rule).below;
    return {.value = value,
            .holds = below ? value < settings.threshold : value > settings.threshold,
            .calm = below ? estimate >= settings.resolve_threshold : estimate <= settings.resolve_threshold,
            .bound = settings.threshold,
            .unit = unit,
            .message = std::move(message)};
}

/// The events of the window without its two busiest minutes, as if all minutes were like the others: a spike
/// is a higher rate, and not one import or one huge order.
double steady_events(const Traffic& traffic, Window window) {
    double sum = 0;
    double busiest = 0;
    double second = 0;
    for (Timestamp minute = window.start; minute < window.end; minute += std::chrono::minutes(1)) {
        auto events = static_cast<double>(traffic.in({minute, minute + std::chrono::minutes(1)}).events);
        sum += events;
        if (events > busiest) std::swap(events, busiest);
        second = std::max(second, events);
    }
    const auto length = static_cast<double>((window.end - window.start) / std::chrono::minutes(1));
    return length > 2 ? (sum - busiest - second) * length / (length - 2) : sum;
}

/// The rules whose alerts explain a figure.
RuleSet causes_of(AlertRule rule) {
    switch (rule) {
        case AlertRule::conversion_drop:
            return rule_set(AlertRule::traffic_gap, AlertRule::traffic_spike);
        case AlertRule::revenue_drop:
            return rule_set(AlertRule::traffic_gap, AlertRule::conversion_drop);
        default:
            return 0;
    }
}

/// The limits of a rule that compares with what is usual. A difference matters beyond `share`.
UnusualLimits limits_of(AlertRule rule, const RuleSettings& settings, double share) {
    const double windows_per_month = windows_per_length * (month / settings.window);
    return {.below = rule_kind(rule).below,
            .share = share,
            .probability = settings.false_alarms / windows_per_month};
}

/// Compares a value with what is usual, where there are enough samples. Few events are no spike.
std::optional<Comparison> compare_samples(double value, const Usual& usual, const UnusualLimits& limits,
                                          const RuleSettings& settings) {
    if (limits.below && usual.mean < settings.min_samples) return std::nullopt;
    auto comparison = compare(value, usual, limits);
    if (comparison && !limits.below && value < settings.min_samples) comparison->unusual = false;
    return comparison;
}

/// What an alert says about a figure that is not as usual.
std::string text_of(const RuleFigure& figure, const Figure& now, const Comparison& comparison,
                    base::Duration window) {
    const double usual = comparison.usual.mean;
    switch (figure.rule) {
        case AlertRule::conversion_drop:
            return fmt::format("{} from {} in {}: conversion is {:.2f}%, and {:.2f}% is usual",
                               base::format_counted(std::llround(now.value), "purchase"),
                               base::format_counted(std::llround(now.per), "view"), minutes(window),
                               100 * now.value / now.per, 100 * usual / now.per);
        case AlertRule::revenue_drop:
            return fmt::format("{:.2f} {} of revenue in {}; the usual amount is {:.2f}", now.value,
                               figure.currency, minutes(window), usual);
        default:
            return fmt::format("{}{} in {}; the usual number is {:.0f}",
                               figure.rule == AlertRule::traffic_spike ? "a rate of " : "",
                               base::format_counted(std::llround(now.value), "event"), minutes(window),
                               usual);
    }
}

}  // namespace

void Alerts::add(const std::vector<Event>& events) {
    if (!rules_) return;
    for (const Event& event : events) {
        traffic_.add(event, strings_.value(Field::currency, event.currency));
        products_.add(event);
        if (event.kind == Kind::view || event.kind == Kind::other) continue;
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
    seasons_.pass(end, traffic_);
    for (const AlertRule rule :
         {AlertRule::traffic_gap, AlertRule::traffic_spike, AlertRule::conversion_drop})
        judge_figure({rule, {}}, end);
    for (const auto& [currency, season] : seasons_.currencies())
        judge_figure({AlertRule::revenue_drop, currency}, end);
    judge_carts(end);
}

/// Evaluates products in the order of their names, so that the result is the same after a restart. A product
/// whose alert fires may lose some interest before the alert is resolved.
void Alerts::judge_interest(Timestamp end) {
    constexpr AlertRule rule = AlertRule::high_interest;
    const RuleSettings& settings = (*rules_)[rule];
    const auto share_of = [&](const ViewPurchaseCounts& product) {
        return static_cast<double>(product.views) / static_cast<double>(products_.views());
    };
    std::map<std::string, ViewPurchaseCounts> products;
    for (const std::string& subject : states_.subjects(rule)) products[subject] = {};
    for (const StringId candidate : products_.candidates()) {
        const ViewPurchaseCounts& product = products_.of(candidate);
        if (share_of(product) < kept_interest * settings.min_share) continue;
        std::string name(strings_.value(Field::product, candidate));
        const bool fires = static_cast<double>(product.views) >= settings.min_samples &&
                           share_of(product) >= settings.min_share;
        if (fires || products.contains(name)) products[std::move(name)] = product;
    }
    for (const auto& [name, product] : products) {
        const auto verdict = [&](double upper, double conversion, std::function<std::string()> message) {
            return compared_with_threshold(rule, settings, upper, conversion, purchases_per_view,
                                           std::move(message));
        };
        if (product.views == 0) {
            judge(rule, name, end, verdict(1, 1, [&] {
                      return fmt::format("{} no longer has {:.0f}% of all views", name,
                                         100 * settings.min_share);
                  }));
            continue;
        }
        const double upper = wilson_upper({.hits = product.purchases, .trials = product.views});
        const double conversion = static_cast<double>(product.purchases) / static_cast<double>(product.views);
        judge(rule, name, end, verdict(upper, conversion, [&] {
                  return fmt::format(
                      "{} has {:.1f}% of all views ({} in {}) and {}: conversion is below {:.1f}%", name,
                      100 * share_of(product), product.views, minutes(settings.window),
                      base::format_counted(product.purchases, "purchase"), 100 * upper);
              }));
    }
}

/// Evaluates a rule that compares a figure with what is usual.
void Alerts::judge_figure(const RuleFigure& figure, Timestamp end) {
    const RuleSettings& settings = (*rules_)[figure.rule];
    const Window window = before(end, settings);
    Season* const season = seasons_.find(figure);
    if (season == nullptr || window.start < traffic_.begins()) return;
    const Look look = look_at(figure, *season, window);
    AlertVerdict verdict;
    if (const auto comparison = look.other_cause ? std::nullopt : compare_with_usual(figure, look)) {
        const bool below = comparison->limits.below;
        const bool is_young = !look.expectation || look.expectation->by_days;
        const double resolve = below && is_young ? std::min(recent_resolve, settings.resolve_threshold)
                                                 : settings.resolve_threshold;
        const bool is_rate = figure.rule == AlertRule::conversion_drop;
        const double unit = is_rate ? look.now.per : 1;
        verdict = {
            .value = look.now.value / unit,
            .holds = comparison->unusual,
            .calm = below ? comparison->share >= resolve : comparison->share <= resolve,
            .bound = comparison->unusual || states_.since(figure.rule, figure.currency)
                         ? comparison->bound() / unit
                         : 0,
            .unit = is_rate                   ? purchases_per_view
                    : figure.currency.empty() ? "events"
                                              : figure.currency,
            .message = [&, comparison] { return text_of(figure, look.now, *comparison, settings.window); }};
    }
    const bool was_usual =
        !states_.since(figure.rule, figure.currency) &&
        !(figure.rule == AlertRule::traffic_gap && states_.since(AlertRule::traffic_spike, ""));
    judge(figure.rule, figure.currency, end, verdict);
    remember(figure, look, was_usual, *season);
    note(figure, window);
}

Alerts::Look Alerts::look_at(const RuleFigure& figure, const Season& season, Window window) const {
    Look look{.window = window,
              .now = figure.of(traffic_.in(window)),
              .other_cause = traffic_.is_noted(window, causes_of(figure.rule))};
    if (figure.rule == AlertRule::traffic_spike) look.now.value = steady_events(traffic_, window);
    look.expectation = season.expectation(window, look.now);
    return look;
}

/// Compares with the season. While it is known from days only, or not at all, the last hour must agree.
std::optional<Comparison> Alerts::compare_with_usual(const RuleFigure& figure, const Look& look) const {
    if (!look.expectation) return compare_with_recent(figure, look);
    const RuleSettings& settings = (*rules_)[figure.rule];
    const UnusualLimits limits = limits_of(figure.rule, settings, settings.threshold);
    const auto seasonal = compare_samples(
        look.now.value, limits.below ? look.expectation->low : look.expectation->high, limits, settings);
    if (!look.expectation->by_days) return seasonal;
    auto recent = compare_with_recent(figure, look);
    if (!seasonal || !recent) return std::nullopt;
    const bool both = seasonal->unusual && recent->unusual;
    const bool recent_is_closer =
        limits.below ? recent->share > seasonal->share : recent->share < seasonal->share;
    Comparison closer = recent_is_closer ? *recent : *seasonal;
    closer.unusual = both;
    return closer;
}

/// Compares with the last hour, whose noise is that of its minutes.
std::optional<Comparison> Alerts::compare_with_recent(const RuleFigure& figure, const Look& look) const {
    const RuleSettings& settings = (*rules_)[figure.rule];
    const Recent past = recent(traffic_, figure, look.window.start);
    if (past.minutes < 2 || std::chrono::minutes(past.minutes) < settings.history || past.sum.value <= 0)
        return std::nullopt;
    const double count = past.minutes;
    const double mean = past.sum.value / count;
    const double variance = (past.squares / count - mean * mean) * count / (count - 1);
    const auto length = static_cast<double>(settings.window / std::chrono::minutes(1));
    const double least = figure.rule == AlertRule::revenue_drop ? 1e-9 : 1;
    Usual usual{.mean = mean * length,
                // The mean of the last hour is as uncertain as its length allows.
                .dispersion = std::max(least, variance / mean) * (1 + length / count),
                .extreme = {}};
    if (figure.rule == AlertRule::conversion_drop)
        usual.mean = past.sum.per > 0 ? look.now.per * past.sum.value / past.sum.per : 0;
    const double share = rule_kind(figure.rule).below ? std::min(settings.threshold, recent_drop)
                                                      : std::max(settings.threshold, recent_spike);
    return compare_samples(look.now.value, usual, limits_of(figure.rule, settings, share), settings);
}

/// Adds the figure of a window to the season's experience, unless another alert explains it. What was not
/// usual is remembered as an extreme only.
void Alerts::remember(const RuleFigure& figure, const Look& look, bool was_usual, Season& season) const {
    if (figure.rule == AlertRule::traffic_spike) return season.note_high(look.now.value);
    if (!look.other_cause || seasons_.is_young(look.window.end)) season.note_low(look.now);
    const bool ends_slot = Season::start_of(Season::slot_of(look.window.end)) == look.window.end;
    if (!look.other_cause && was_usual && ends_slot && look.expectation)
        season.remember(look.now.value, look.expectation->low, look.expectation->by_days);
}

/// Notes the minutes in which a rule is pending or firing. They are frozen until the trouble has lasted for a
/// day, even with pauses: an unusual level counts as the usual one after that.
void Alerts::note(const RuleFigure& figure, Window window) {
    const auto since = states_.since(figure.rule, figure.currency);
    if (!since) return;
    const auto key = std::pair(figure.rule, figure.currency);
    auto episode = episodes_.find(key);
    const bool goes_on = episode != episodes_.end() && window.end - episode->second.last_fired <= max_unusual;
    if (states_.is_firing(figure.rule, figure.currency)) {
        if (!goes_on) episode = episodes_.insert_or_assign(key, Episode{.since = *since}).first;
        episode->second.last_fired = window.end;
    }
    const bool lasts =
        (goes_on && window.end - episode->second.since >= max_unusual) || window.end - *since >= max_unusual;
    traffic_.note(window, figure.rule, !lasts);
}

void Alerts::judge_carts(Timestamp end) {
    constexpr AlertRule rule = AlertRule::cart_abandonment;
    const RuleSettings& settings = (*rules_)[rule];
    const Window window = before(end, settings);
    const auto outcome = baskets_.in(window);
    AlertVerdict verdict;
    if (static_cast<double>(outcome.carts) >= settings.min_samples &&
        !traffic_.is_noted(window, rule_set(AlertRule::traffic_gap))) {
        const double share = static_cast<double>(outcome.abandoned) / static_cast<double>(outcome.carts);
        verdict = compared_with_threshold(
            rule, settings, wilson_lower({.hits = outcome.abandoned, .trials = outcome.carts}), share,
            "share of carts", [&] {
                return fmt::format("{} of {} abandoned in {}", outcome.abandoned,
                                   base::format_counted(outcome.carts, "cart"), minutes(settings.window));
            });
    }
    judge(rule, "", end, verdict);
}

void Alerts::judge(const PipelineHealth& health) {
    if (!rules_) return;
    health_.take(health, (*rules_)[AlertRule::quarantine_rate].window);
    judge_quality(health.committed_at);
    judge_progress(health.committed_at);
}

void Alerts::judge_quality(Timestamp now) {
    constexpr AlertRule rule = AlertRule::quarantine_rate;
    const RuleSettings& settings = (*rules_)[rule];
    const auto recent = health_.recent();
    AlertVerdict verdict;
    if (recent.received > 0 && static_cast<double>(recent.received) >= settings.min_samples) {
        const double share = static_cast<double>(recent.quarantined) / static_cast<double>(recent.received);
        verdict = compared_with_threshold(rule, settings, share, share, "share of records", [&] {
            return fmt::format("{} of {} quarantined in {}", recent.quarantined,
                               base::format_counted(recent.received, "record"), minutes(settings.window));
        });
    }
    judge(rule, "", now, verdict);
}

/// If no records wait in the log, Silver is up to date, and its age counts as 0.
void Alerts::judge_progress(Timestamp now) {
    const std::int64_t behind = health_.behind();
    const auto records = static_cast<double>(behind);
    judge(AlertRule::lag, "", now,
          compared_with_threshold(
              AlertRule::lag, (*rules_)[AlertRule::lag], records, records, "records", [behind] {
                  return fmt::format("silver is {} behind the log", base::format_counted(behind, "record"));
              }));
    const std::chrono::duration<double> since_newest = now - health_.newest();
    const double age = behind == 0 ? 0 : std::max(0.0, since_newest.count());
    judge(AlertRule::freshness, "", now,
          compared_with_threshold(
              AlertRule::freshness, (*rules_)[AlertRule::freshness], age, age, "seconds",
              [age] { return fmt::format("silver's newest record is {:.0f} s old", age); }));
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
                  {.value = verdict.value.value_or(0),
                   .calm = true,
                   .bound = verdict.bound,
                   .unit = verdict.unit,
                   .message = [] { return "the rule was switched off"; }},
                  changes_);
}

void Alerts::published(model::AlertSequence sequence) {
    std::erase_if(changes_, [&](const model::Alert& change) { return change.sequence <= sequence; });
}

}  // namespace millrace::gold
