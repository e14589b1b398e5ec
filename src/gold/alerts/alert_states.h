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
    std::optional<double> value;           ///< nothing if there are too few samples
    std::function<std::string()> message;  ///< returns the text of the alert; called when the alert changes
    /// The value that is compared with `resolve_threshold`. It differs from `value` if `value` is a
    /// confidence bound: an uncertain value then neither fires nor resolves an alert.
    std::optional<double> estimate = value;
};

/// The states of all alerts: pending, firing, resolved. An alert fires when its condition has held for the
/// time `pending`. It is resolved when the value has been beyond `resolve_threshold` for the time
/// `resolve_after`. Not thread-safe.
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

        template <class Archive>
        void serialize(Archive& archive) {
            archive(since, firing, calm_since);
        }
    };
    using Key = std::pair<AlertRule, std::string>;

    [[nodiscard]] model::Alert change(const Key& key, const State& state, const RuleSettings& settings,
                                      model::Timestamp at, const AlertVerdict& verdict);

    model::AlertSequence sequence_;  // the sequence number of the last change
    std::map<Key, State> states_;
};

}  // namespace millrace::gold
