#include "gold/alerts/alert_states.h"

#include <fmt/format.h>
#include <xxhash.h>

namespace millrace::gold {

namespace {

std::string id_of(AlertRule rule, const std::string& subject, model::Timestamp since) {
    const std::string text = fmt::format("{}\n{}\n{}", rule_kind(rule).name, model::to_us(since), subject);
    return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

}  // namespace

model::Alert AlertStates::alert_of(const Key& key, const State& state, model::Timestamp at,
                                   const AlertVerdict& verdict) {
    const auto& [rule, subject] = key;
    return {.id = id_of(rule, subject, state.since),
            .rule = std::string(rule_kind(rule).name),
            .subject = subject,
            .state = state.firing ? model::Alert::State::firing : model::Alert::State::resolved,
            .severity = rule_kind(rule).severity,
            .at = at,
            .started_at = state.since,
            .value = *verdict.value,
            .threshold = verdict.bound,
            .unit = verdict.unit,
            .message = verdict.message()};
}

void AlertStates::judge(AlertRule rule, const RuleSettings& settings, const std::string& subject,
                        model::Timestamp at, const AlertVerdict& verdict,
                        std::vector<model::Alert>& changes) {
    const Key key(rule, subject);
    const auto found = states_.find(key);
    const auto change = [&](const State& state) {
        changes.push_back(alert_of(key, state, at, verdict));
        changes.back().sequence = ++sequence_;
    };
    if (found == states_.end() || !found->second.firing) {
        if (!verdict.holds) {
            if (found != states_.end()) states_.erase(found);
            return;
        }
        State& state = states_.try_emplace(key, State{.since = at}).first->second;
        if (at - state.since < settings.pending) return;
        state.firing = true;
        change(state);
        state.now = changes.back();
        return;
    }
    State& state = found->second;
    if (!verdict.value) return;
    if (!verdict.calm) {
        state.calm_since = {};
    } else if (state.calm_since == model::Timestamp()) {
        state.calm_since = at;
    }
    if (!verdict.calm || at - state.calm_since < settings.resolve_after) {
        state.now = alert_of(key, state, state.now.at, verdict);
        return;
    }
    state.firing = false;
    change(state);
    states_.erase(found);
}

bool AlertStates::is_firing(AlertRule rule, const std::string& subject) const {
    const auto found = states_.find({rule, subject});
    return found != states_.end() && found->second.firing;
}

std::vector<model::Alert> AlertStates::firing() const {
    std::vector<model::Alert> firing;
    for (const auto& [key, state] : states_) {
        if (state.firing) firing.push_back(state.now);
    }
    return firing;
}

std::optional<model::Timestamp> AlertStates::since(AlertRule rule, const std::string& subject) const {
    const auto found = states_.find({rule, subject});
    return found == states_.end() ? std::nullopt : std::optional(found->second.since);
}

std::vector<std::string> AlertStates::subjects(AlertRule rule) const {
    std::vector<std::string> found;
    for (auto state = states_.lower_bound({rule, ""}); state != states_.end() && state->first.first == rule;
         ++state)
        found.push_back(state->first.second);
    return found;
}

}  // namespace millrace::gold
