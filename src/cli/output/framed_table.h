#pragma once

#include <string>

#include "cli/output/text_table.h"

namespace millrace::cli {

/// A table for people, as DuckDB's shell shows one: a frame with a header of names and types, numbers to the
/// right, and a line that counts the rows. It takes at most `width` columns of the terminal: long texts are
/// cut, and the last columns left out, with "…" in their place and in the last line. Without a newline at its
/// end.
std::string framed(const TextTable& table, std::size_t width);

}  // namespace millrace::cli
