#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace millrace::cli {

/// The name that `given` was probably meant to be: the only one that begins with it, or the one that differs
/// least, in a few letters. Nothing when none is near, or it is one of them.
std::optional<std::string> nearest_name(std::string_view given, const std::vector<std::string>& names);

/// "; did you mean NAME?", or nothing when no name is near.
std::string did_you_mean(std::string_view given, const std::vector<std::string>& names);

/// A usage Error: "OWNER has no KIND GIVEN; it has: NAME, NAME", with the nearest name when there is one.
Error has_no(std::string_view owner, std::string_view kind, std::string_view given,
             const std::vector<std::string>& names);

}  // namespace millrace::cli
