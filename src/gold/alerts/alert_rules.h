#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

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

/// When a rule fires and is resolved; docs/alerts.md says what each rule judges. Not every rule has all.
struct RuleSettings {
    bool enabled = true;
    model::Timestamp window = 0;   ///< that is judged, µs
    double threshold = 0;          ///< beyond which the rule's condition holds
    double resolved = 0;           ///< back beyond which the alert is resolved
    double least = 0;              ///< fewer events (views, orders, …) prove nothing
    double share = 0;              ///< of all views, from which on interest is high
    model::Timestamp history = 0;  ///< of baseline without which there is no judging, µs
    model::Timestamp pending = 0;  ///< how long the condition holds before the alert fires, µs
    model::Timestamp calm = 0;     ///< how long it is gone before the alert is resolved, µs

    friend bool operator==(const RuleSettings&, const RuleSettings&) = default;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(enabled, window, threshold, resolved, least, share, history, pending, calm);
    }
};

/// What is the same for a rule whatever its settings.
struct RuleKind {
    std::string_view name;
    bool below;  ///< the condition is a value below the threshold, not above it
    model::Alert::Severity severity;
    RuleSettings defaults;
};
[[nodiscard]] const RuleKind& rule_kind(AlertRule rule);
[[nodiscard]] std::optional<AlertRule> rule_of(std::string_view name);

/// The settings of all rules; the defaults suit a shop of a few to thousands of events per second.
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
