#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/timestamp.h"

namespace millrace::model {

/// One change of an alert: it begins to fire, or is resolved.
struct Alert {
    enum class State : std::uint8_t { firing, resolved };
    enum class Severity : std::uint8_t { warning, critical };

    std::int64_t sequence = 0;  ///< its number among all changes, from 1 on
    std::string id;             ///< the same for both changes of an alert, and after a restart
    std::string rule;
    std::string subject;  ///< what it is about where a rule knows several: a product, a currency
    State state = State::firing;
    Severity severity = Severity::warning;
    Timestamp at = 0;          ///< when it changed: event time or, of the pipeline's own rules, log time
    Timestamp started_at = 0;  ///< since when the rule's condition held
    double value = 0;          ///< that the rule judged
    double threshold = 0;      ///< that it is held against
    std::string message;       ///< for people, one line
};

constexpr std::string_view state_name(Alert::State state) {
    return state == Alert::State::firing ? "firing" : "resolved";
}
constexpr std::string_view severity_name(Alert::Severity severity) {
    return severity == Alert::Severity::critical ? "critical" : "warning";
}

}  // namespace millrace::model
