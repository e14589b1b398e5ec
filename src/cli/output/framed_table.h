#pragma once

#include <string>

#include "cli/output/text_table.h"

namespace millrace::cli {

/// A table for people, in the style of DuckDB's shell: a frame with a header of names and types, numbers
/// aligned to the right, and a last line with the number of rows. The frame takes at most `width` columns of
/// the terminal: long texts are cut, and "…" replaces the last columns. The text does not end with a newline.
std::string framed(const TextTable& table, std::size_t width);

}  // namespace millrace::cli
