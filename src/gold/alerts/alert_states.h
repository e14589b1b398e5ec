#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gold/alerts/alert_rules.h"

namespace millrace::gold {

/// The result of evaluating a rule.
struct AlertVerdict {
    std::optional<double> value;  ///< nothing if there are too few samples: an alert then keeps its state
    bool holds = false;           ///< the condition holds
    /// The value is back on the good side. An uncertain value neither holds nor is calm.
    bool calm = false;
    double bound = 0;                      ///< the value from which on the condition holds
    std::string unit;                      ///< the unit of the value and the bound
    std::function<std::string()> message;  ///< returns the text of the alert
};

/// The states of all alerts: pending, firing, resolved. An alert fires when its condition has held for the
/// time `pending`. It is resolved when the value has been calm for the time `resolve_after`. Not
/// thread-safe.
class AlertStates {
  public:
    /// Sets the sequence number of the last alert; the next one gets the number after it.
    void number_from(model::AlertSequence sequence) { sequence_ = sequence; }
    /// Updates the state of a rule with its verdict at the time `at`. Appends an alert to `changes` if it
    /// fires or is resolved.
    void judge(AlertRule rule, const RuleSettings& settings, const std::string& subject, model::Timestamp at,
               const AlertVerdict& verdict, std::vector<model::Alert>& changes);
    /// Returns since when the rule is pending or firing, or nothing if it is neither.
    [[nodiscard]] std::optional<model::Timestamp> since(AlertRule rule, const std::string& subject) const;
    /// Returns true if the rule is firing.
    [[nodiscard]] bool is_firing(AlertRule rule, const std::string& subject) const;
    /// The alerts that are firing, with the values and texts of the last evaluation.
    [[nodiscard]] std::vector<model::Alert> firing() const;
    /// Returns the subjects for which the rule is pending or firing.
    [[nodiscard]] std::vector<std::string> subjects(AlertRule rule) const;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(sequence_, states_);
    }

  private:
    struct State {
        model::Timestamp since;  // when the condition began to hold
        bool firing = false;
        model::Timestamp calm_since;  // while firing: when the condition ended; the epoch: it still holds
        model::Alert now;             // while firing: the alert with the last value and text

        template <class Archive>
        void serialize(Archive& archive) {
            archive(since, firing, calm_since, now);
        }
    };
    using Key = std::pair<AlertRule, std::string>;

    [[nodiscard]] static model::Alert alert_of(const Key& key, const State& state, model::Timestamp at,
                                               const AlertVerdict& verdict);

    model::AlertSequence sequence_;  // the sequence number of the last change
    std::map<Key, State> states_;
};

}  // namespace millrace::gold
