#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::cli {

/// Whether stdout goes to a terminal.
[[nodiscard]] bool on_terminal();

/// The terminal's width in columns, or 80 when it isn't known.
[[nodiscard]] std::size_t terminal_width();

/// `text` as it may stand on a terminal, on one line: control characters, those that change the direction of
/// writing, and bytes that are not UTF-8 are escaped, such as \n, \x1b, \u202e and \xff.
[[nodiscard]] std::string printable(std::string_view text);

/// Lines for stdout: as they are, but on a terminal each as printable() has it.
[[nodiscard]] std::string shown_lines(std::string_view text);

/// How many columns of a terminal printable text takes: wide characters take two, combining ones none.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Printable text in at most `width` columns; "…" stands for what was cut off.
[[nodiscard]] std::string elided(std::string_view text, std::size_t width);

}  // namespace millrace::cli
