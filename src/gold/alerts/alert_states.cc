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

model::Alert AlertStates::change(const Key& key, const State& state, const RuleSettings& settings,
                                 model::Timestamp at, const AlertVerdict& verdict) {
    const auto& [rule, subject] = key;
    return {.sequence = ++sequence_,
            .id = id_of(rule, subject, state.since),
            .rule = std::string(rule_kind(rule).name),
            .subject = subject,
            .state = state.firing ? model::Alert::State::firing : model::Alert::State::resolved,
            .severity = rule_kind(rule).severity,
            .at = at,
            .started_at = state.since,
            .value = *verdict.value,
            .threshold = settings.threshold,
            .message = verdict.message()};
}

void AlertStates::judge(AlertRule rule, const RuleSettings& settings, const std::string& subject,
                        model::Timestamp at, const AlertVerdict& verdict,
                        std::vector<model::Alert>& changes) {
    const Key key(rule, subject);
    const auto found = states_.find(key);
    const bool below = rule_kind(rule).below;
    const bool holds =
        verdict.value && (below ? *verdict.value < settings.threshold : *verdict.value > settings.threshold);
    if (found == states_.end() || !found->second.firing) {
        if (!holds) {
            if (found != states_.end()) states_.erase(found);
            return;
        }
        State& state = states_.try_emplace(key, State{.since = at}).first->second;
        if (at - state.since < settings.pending) return;
        state.firing = true;
        changes.push_back(change(key, state, settings, at, verdict));
        return;
    }
    State& state = found->second;
    const bool calm = verdict.estimate && (below ? *verdict.estimate >= settings.resolve_threshold
                                                 : *verdict.estimate <= settings.resolve_threshold);
    if (!calm) {
        if (verdict.value) state.calm_since = {};
        return;
    }
    if (state.calm_since == model::Timestamp()) state.calm_since = at;
    if (at - state.calm_since < settings.resolve_after) return;
    state.firing = false;
    changes.push_back(change(key, state, settings, at, verdict));
    states_.erase(found);
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
