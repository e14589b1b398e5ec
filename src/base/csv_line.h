#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::base {

/// Splits one CSV line (RFC 4180: commas, optional double quotes, "" for a quote within a field) into
/// `fields`. The views point into `line` or, for quoted fields, into `scratch`. Returns false if a quote is
/// not closed.
bool split_csv(std::string_view line, std::vector<std::string_view>& fields, std::string& scratch);

}  // namespace millrace::base
