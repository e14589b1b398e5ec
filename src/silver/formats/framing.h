#pragma once

#include <optional>
#include <string_view>

#include "model/rule.h"

namespace millrace::silver {

/// Returns the rule that names the framing of a record that another program has put around the message:
/// Confluent's wire format, or the envelope of Kafka Connect's JsonConverter. Returns nothing if there is
/// none.
std::optional<model::ValidationRule> framing_of(std::string_view value);

}  // namespace millrace::silver
