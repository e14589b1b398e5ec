#pragma once

#include <optional>
#include <string_view>

#include "model/timestamp.h"

namespace millrace::silver {

/// Reads a time as senders write it: RFC 3339 with any number of decimals (cut to microseconds) and second
/// 60, which is the first of the next minute; or a number since 1970, of which the size tells whether it
/// counts seconds, milliseconds, microseconds or nanoseconds. Returns nullopt for any other text.
std::optional<model::Timestamp> read_sent_time(std::string_view text);

}  // namespace millrace::silver
