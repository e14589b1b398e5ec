#pragma once

#include <string>
#include <string_view>

namespace millrace::api {

/// CSV (RFC 4180) that a person opens in a spreadsheet: cells that it would run as formulas, since they begin
/// with = + - @, a tab or a line break, are quoted and get a single quote in front, as OWASP advises ("CSV
/// Injection"). Numbers, negative ones too, stay as they are.
std::string without_formulas(std::string_view csv);

}  // namespace millrace::api
