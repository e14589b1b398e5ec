#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gold/alerts/alert_rules.h"

namespace millrace::gold {

/// What judging a rule came to.
struct AlertVerdict {
    std::optional<double> value;           ///< nothing: there is too little to judge by
    std::function<std::string()> message;  ///< called when the alert changes
    /// Held against `resolved`, where the value is a bound of it: what is uncertain fires nothing, and
    /// resolves nothing either.
    std::optional<double> estimate = value;
};

/// The alerts' lives: pending, firing, resolved. An alert fires once its condition has held for a while, and
/// is resolved once it has been gone, by a margin, for a while; in between nothing is said.
class AlertStates {
  public:
    void number_from(std::int64_t sequence) { sequence_ = sequence; }
    /// Takes in how `rule` was judged at `at`. A change is appended to `changes`.
    void judge(AlertRule rule, const RuleSettings& settings, const std::string& subject, model::Timestamp at,
               const AlertVerdict& verdict, std::vector<model::Alert>& changes);
    /// Since when the rule is pending or firing; nothing when it isn't.
    [[nodiscard]] std::optional<model::Timestamp> since(AlertRule rule, const std::string& subject) const;
    /// The subjects that the rule is pending or firing for.
    [[nodiscard]] std::vector<std::string> subjects(AlertRule rule) const;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(sequence_, states_);
    }

  private:
    struct State {
        model::Timestamp since = 0;  // the condition holds
        bool firing = false;
        model::Timestamp calm_since = 0;  // while firing: since when it is gone; 0: it isn't

        template <class Archive>
        void serialize(Archive& archive) {
            archive(since, firing, calm_since);
        }
    };
    using Key = std::pair<AlertRule, std::string>;

    [[nodiscard]] model::Alert change(const Key& key, const State& state, const RuleSettings& settings,
                                      model::Timestamp at, const AlertVerdict& verdict);

    std::int64_t sequence_ = 0;  // of the last change
    std::map<Key, State> states_;
};

}  // namespace millrace::gold
