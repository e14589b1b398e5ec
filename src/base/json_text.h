#pragma once

#include <string>

#include "base/json.h"

namespace millrace::base {

/// Returns a JSON document for people and programs to read. Unlike Boost's serialize(), it writes numbers in
/// the usual notation (0.031, not 3.1E-2) with the fewest digits that are read back as the same number.
/// Infinity and NaN, which JSON does not have, become null.
std::string json_text(const json::value& value);

}  // namespace millrace::base
