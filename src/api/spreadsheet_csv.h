#pragma once

#include <string>
#include <string_view>

namespace millrace::api {

/// Returns CSV (RFC 4180) that is safe to open in a spreadsheet. Cells that a spreadsheet would run as
/// formulas begin with = + - @, a tab or a line break. They are quoted and get a single quote in front, as
/// OWASP advises ("CSV Injection"). Numbers, including negative ones, are not changed.
std::string without_formulas(std::string_view csv);

}  // namespace millrace::api
