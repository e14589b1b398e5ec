#include "gold/alerts/alert_rules.h"

#include <algorithm>

namespace millrace::gold {

namespace {

using model::us_per_hour, model::us_per_minute;
using Severity = model::Alert::Severity;

constexpr std::array<RuleKind, rule_count> kinds = {{
    {.name = "high_interest",
     .below = true,
     .severity = Severity::warning,
     .defaults = {.window = 10 * us_per_minute,
                  .threshold = 0.03,
                  .resolve_threshold = 0.035,
                  .min_samples = 100,
                  .min_share = 0.05,
                  .resolve_after = 10 * us_per_minute}},
    {.name = "traffic_gap",
     .below = true,
     .severity = Severity::critical,
     .defaults = {.window = 10 * us_per_minute,
                  .threshold = 0.3,
                  .resolve_threshold = 0.6,
                  .min_samples = 50,
                  .history = 10 * us_per_minute,
                  .pending = 2 * us_per_minute,
                  .resolve_after = 2 * us_per_minute}},
    {.name = "traffic_spike",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.window = 10 * us_per_minute,
                  .threshold = 3,
                  .resolve_threshold = 2,
                  .min_samples = 50,
                  .history = us_per_hour,
                  .pending = 2 * us_per_minute,
                  .resolve_after = 5 * us_per_minute}},
    {.name = "conversion_drop",
     .below = true,
     .severity = Severity::critical,
     .defaults = {.window = 30 * us_per_minute,
                  .threshold = 0.5,
                  .resolve_threshold = 0.7,
                  .min_samples = 20,
                  .history = us_per_hour,
                  .pending = 5 * us_per_minute,
                  .resolve_after = 10 * us_per_minute}},
    {.name = "revenue_drop",
     .below = true,
     .severity = Severity::critical,
     .defaults = {.window = us_per_hour,
                  .threshold = 0.5,
                  .resolve_threshold = 0.7,
                  .min_samples = 100,
                  .history = us_per_hour,
                  .pending = 5 * us_per_minute,
                  .resolve_after = 10 * us_per_minute}},
    {.name = "cart_abandonment",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.window = us_per_hour,
                  .threshold = 0.9,
                  .resolve_threshold = 0.85,
                  .min_samples = 50,
                  .pending = 5 * us_per_minute,
                  .resolve_after = 10 * us_per_minute}},
    {.name = "quarantine_rate",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.window = 10 * us_per_minute,
                  .threshold = 0.05,
                  .resolve_threshold = 0.02,
                  .min_samples = 100,
                  .resolve_after = 5 * us_per_minute}},
    {.name = "lag",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.threshold = 100'000,
                  .resolve_threshold = 10'000,
                  .pending = 2 * us_per_minute,
                  .resolve_after = us_per_minute}},
    {.name = "freshness",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.threshold = 120,
                  .resolve_threshold = 60,
                  .pending = 2 * us_per_minute,
                  .resolve_after = us_per_minute}},
}};

}  // namespace

const RuleKind& rule_kind(AlertRule rule) {
    return kinds[static_cast<std::size_t>(rule)];
}

std::optional<AlertRule> rule_of(std::string_view name) {
    const auto* found = std::ranges::find(kinds, name, &RuleKind::name);
    if (found == kinds.end()) return std::nullopt;
    return static_cast<AlertRule>(found - kinds.begin());
}

AlertRules::AlertRules() {
    for (const AlertRule rule : all_rules) (*this)[rule] = rule_kind(rule).defaults;
}

}  // namespace millrace::gold
