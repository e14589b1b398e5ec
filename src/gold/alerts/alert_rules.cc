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
                  .resolved = 0.035,
                  .least = 100,
                  .share = 0.05,
                  .calm = 10 * us_per_minute}},
    {.name = "traffic_gap",
     .below = true,
     .severity = Severity::critical,
     .defaults = {.window = 10 * us_per_minute,
                  .threshold = 0.3,
                  .resolved = 0.6,
                  .least = 50,
                  .history = 10 * us_per_minute,
                  .pending = 2 * us_per_minute,
                  .calm = 2 * us_per_minute}},
    {.name = "traffic_spike",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.window = 10 * us_per_minute,
                  .threshold = 3,
                  .resolved = 2,
                  .least = 50,
                  .history = us_per_hour,
                  .pending = 2 * us_per_minute,
                  .calm = 5 * us_per_minute}},
    {.name = "conversion_drop",
     .below = true,
     .severity = Severity::critical,
     .defaults = {.window = 30 * us_per_minute,
                  .threshold = 0.5,
                  .resolved = 0.7,
                  .least = 20,
                  .history = us_per_hour,
                  .pending = 5 * us_per_minute,
                  .calm = 10 * us_per_minute}},
    {.name = "revenue_drop",
     .below = true,
     .severity = Severity::critical,
     .defaults = {.window = us_per_hour,
                  .threshold = 0.5,
                  .resolved = 0.7,
                  .least = 100,
                  .history = us_per_hour,
                  .pending = 5 * us_per_minute,
                  .calm = 10 * us_per_minute}},
    {.name = "cart_abandonment",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.window = us_per_hour,
                  .threshold = 0.9,
                  .resolved = 0.85,
                  .least = 50,
                  .pending = 5 * us_per_minute,
                  .calm = 10 * us_per_minute}},
    {.name = "quarantine_rate",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.window = 10 * us_per_minute,
                  .threshold = 0.05,
                  .resolved = 0.02,
                  .least = 100,
                  .calm = 5 * us_per_minute}},
    {.name = "lag",
     .below = false,
     .severity = Severity::warning,
     .defaults =
         {.threshold = 100'000, .resolved = 10'000, .pending = 2 * us_per_minute, .calm = us_per_minute}},
    {.name = "freshness",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.threshold = 120, .resolved = 60, .pending = 2 * us_per_minute, .calm = us_per_minute}},
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
