#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.h"
#include "model/alert.h"
#include "model/timestamp.h"

namespace millrace::gold {

enum class AlertRule : std::uint8_t {
    high_interest,
    traffic_gap,
    traffic_spike,
    conversion_drop,
    revenue_drop,
    cart_abandonment,
    quarantine_rate,
    lag,
    freshness,
};
inline constexpr std::size_t rule_count = 9;
inline constexpr std::array<AlertRule, rule_count> all_rules = {
    AlertRule::high_interest,   AlertRule::traffic_gap,  AlertRule::traffic_spike,
    AlertRule::conversion_drop, AlertRule::revenue_drop, AlertRule::cart_abandonment,
    AlertRule::quarantine_rate, AlertRule::lag,          AlertRule::freshness};

/// The conditions at which a rule fires and is resolved. docs/alerts.md describes each rule. A rule does not
/// use all of the settings.
struct RuleSettings {
    bool enabled = true;
    base::Duration window{0};  ///< length of the window that is evaluated
    /// The condition of the rule holds beyond this value. For rules that compare with the season, it is the
    /// share of the usual value beyond which a difference matters.
    double threshold = 0;
    double resolve_threshold = 0;     ///< the alert can be resolved when the value is back beyond this
    double false_alarms = 0;          ///< tolerated per month, by a rule that compares with the season
    double min_samples = 0;           ///< the rule is not evaluated with fewer events (views, orders, …)
    double min_share = 0;             ///< share of all views from which on interest is high
    base::Duration history{0};        ///< the rule is not evaluated with a shorter baseline
    base::Duration pending{0};        ///< how long the condition must hold before the alert fires
    base::Duration resolve_after{0};  ///< how long the condition must be gone before the alert is resolved

    friend bool operator==(const RuleSettings&, const RuleSettings&) = default;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(enabled, window, threshold, resolve_threshold, false_alarms, min_samples, min_share, history,
                pending, resolve_after);
    }
};

/// The properties of a rule that settings cannot change.
struct RuleKind {
    std::string_view name;
    bool below;  ///< true: the condition holds below the threshold; false: above it
    model::Alert::Severity severity;
    RuleSettings defaults;
};
/// Returns the properties of a rule.
[[nodiscard]] const RuleKind& rule_kind(AlertRule rule);
/// Returns the rule with this name, or nothing if the name is unknown.
[[nodiscard]] std::optional<AlertRule> rule_of(std::string_view name);

/// The settings of all rules. The defaults suit a shop with a few to thousands of events per second.
class AlertRules {
  public:
    AlertRules();

    [[nodiscard]] const RuleSettings& operator[](AlertRule rule) const {
        return rules_[static_cast<std::size_t>(rule)];
    }
    [[nodiscard]] RuleSettings& operator[](AlertRule rule) { return rules_[static_cast<std::size_t>(rule)]; }

    friend bool operator==(const AlertRules&, const AlertRules&) = default;
    template <class Archive>
    void serialize(Archive& archive) {
        for (RuleSettings& rule : rules_) archive(rule);
    }

  private:
    std::array<RuleSettings, rule_count> rules_;
};

}  // namespace millrace::gold
