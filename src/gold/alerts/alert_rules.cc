#include "gold/alerts/alert_rules.h"

#include <algorithm>

namespace millrace::gold {

namespace {

using Severity = model::Alert::Severity;

constexpr std::array<RuleKind, rule_count> kinds = {{
    {.name = "high_interest",
     .below = true,
     .severity = Severity::warning,
     .defaults = {.window = std::chrono::minutes(10),
                  .threshold = 0.03,
                  .resolve_threshold = 0.035,
                  .min_samples = 100,
                  .min_share = 0.05,
                  .resolve_after = std::chrono::minutes(10)}},
    {.name = "traffic_gap",
     .below = true,
     .severity = Severity::critical,
     .defaults = {.window = std::chrono::minutes(10),
                  .threshold = 0.75,
                  .resolve_threshold = 0.9,
                  .false_alarms = 1,
                  .min_samples = 10,
                  .history = std::chrono::minutes(10),
                  .pending = std::chrono::minutes(1),
                  .resolve_after = std::chrono::minutes(2)}},
    {.name = "traffic_spike",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.window = std::chrono::minutes(10),
                  .threshold = 1.8,
                  .resolve_threshold = 1.5,
                  .false_alarms = 1,
                  .min_samples = 10,
                  .history = std::chrono::hours(1),
                  .pending = std::chrono::minutes(2),
                  .resolve_after = std::chrono::minutes(5)}},
    {.name = "conversion_drop",
     .below = true,
     .severity = Severity::critical,
     .defaults = {.window = std::chrono::minutes(30),
                  .threshold = 0.6,
                  .resolve_threshold = 0.9,
                  .false_alarms = 1,
                  .min_samples = 10,
                  .history = std::chrono::hours(1),
                  .pending = std::chrono::minutes(5),
                  .resolve_after = std::chrono::minutes(10)}},
    {.name = "revenue_drop",
     .below = true,
     .severity = Severity::critical,
     .defaults = {.window = std::chrono::hours(1),
                  .threshold = 0.7,
                  .resolve_threshold = 0.9,
                  .false_alarms = 1,
                  .history = std::chrono::hours(1),
                  .pending = std::chrono::minutes(2),
                  .resolve_after = std::chrono::minutes(10)}},
    {.name = "cart_abandonment",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.window = std::chrono::hours(1),
                  .threshold = 0.9,
                  .resolve_threshold = 0.85,
                  .min_samples = 50,
                  .pending = std::chrono::minutes(5),
                  .resolve_after = std::chrono::minutes(10)}},
    {.name = "quarantine_rate",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.window = std::chrono::minutes(10),
                  .threshold = 0.05,
                  .resolve_threshold = 0.02,
                  .min_samples = 100,
                  .resolve_after = std::chrono::minutes(5)}},
    {.name = "lag",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.threshold = 100'000,
                  .resolve_threshold = 10'000,
                  .pending = std::chrono::minutes(2),
                  .resolve_after = std::chrono::minutes(1)}},
    {.name = "freshness",
     .below = false,
     .severity = Severity::warning,
     .defaults = {.threshold = 120,
                  .resolve_threshold = 60,
                  .pending = std::chrono::minutes(2),
                  .resolve_after = std::chrono::minutes(1)}},
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
