#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::produce {

/// Splits one CSV line (RFC 4180: commas, optional double quotes, "" for a quote within) into `fields`, whose
/// views point into `line` or, for quoted fields with quotes in them, into `scratch`. False when a quote is
/// not closed.
bool split_csv(std::string_view line, std::vector<std::string_view>& fields, std::string& scratch);

}  // namespace millrace::produce
