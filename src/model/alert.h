#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ordinal.h"
#include "model/timestamp.h"

namespace millrace::model {

/// The number of a change of an alert among all changes, starting at 1. 0 stands before the first one.
using AlertSequence = base::Ordinal<struct AlertSequenceTag>;

/// One change of an alert: it starts to fire, or it is resolved.
struct Alert {
    enum class State : std::uint8_t { firing, resolved };
    enum class Severity : std::uint8_t { warning, critical };

    AlertSequence sequence;
    std::string id;  ///< the same for both changes of an alert, also after a restart
    std::string rule;
    /// The product or currency that the alert concerns, if the rule has several subjects.
    std::string subject;
    State state = State::firing;
    Severity severity = Severity::warning;
    Timestamp at;  ///< time of the change: event time, or log time for rules about the pipeline itself
    Timestamp started_at;  ///< time from which the rule's condition has held
    double value = 0;      ///< the value that the rule judged
    double threshold = 0;  ///< the bound beyond which the value fires an alert
    std::string unit;      ///< of the value and the bound, such as "events" or "EUR"
    std::string message;   ///< one line for people
};

constexpr std::string_view state_name(Alert::State state) {
    return state == Alert::State::firing ? "firing" : "resolved";
}
constexpr std::string_view severity_name(Alert::Severity severity) {
    return severity == Alert::Severity::critical ? "critical" : "warning";
}

}  // namespace millrace::model
