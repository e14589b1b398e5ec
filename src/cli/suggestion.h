#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::cli {

/// The name that `given` was probably meant to be: the only name that begins with `given`, or the name that
/// differs from it in the fewest letters. Nothing if no name is near, or if `given` is one of the names.
std::optional<std::string> nearest_name(std::string_view given, const std::vector<std::string>& names);

/// "; did you mean NAME?", or an empty string if no name is near.
std::string did_you_mean(std::string_view given, const std::vector<std::string>& names);

/// A usage Error: "OWNER has no KIND GIVEN; it has: NAME, NAME", with the nearest name if one is near.
Error has_no(std::string_view owner, std::string_view kind, std::string_view given,
             const std::vector<std::string>& names);

}  // namespace millrace::cli
