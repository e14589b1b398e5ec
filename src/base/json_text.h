#pragma once

#include <string>

#include "base/json.h"

namespace millrace::base {

/// A JSON document for people and programs to read: like Boost's serialize(), but a number stands as it is
/// usually written, 0.031 and not 3.1E-2, in the fewest digits that are read back as the same number.
/// Infinity and NaN, which JSON doesn't have, become null.
std::string json_text(const json::value& value);

}  // namespace millrace::base
