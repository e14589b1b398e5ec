#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::cli {

/// Whether stdout goes to a terminal.
[[nodiscard]] bool on_terminal();

/// The terminal's width in columns, or 80 if it is unknown.
[[nodiscard]] std::size_t terminal_width();

/// `text` on one line, safe for a terminal: control characters, characters that change the direction of
/// writing, and bytes that are not UTF-8 are escaped, such as \n, \x1b, \u202e and \xff.
[[nodiscard]] std::string printable(std::string_view text);

/// Lines for stdout. On a terminal, each line is made printable().
[[nodiscard]] std::string shown_lines(std::string_view text);

/// The number of terminal columns that printable text takes: wide characters take two, combining ones none.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Printable text in at most `width` columns. "…" replaces the end of a longer text.
[[nodiscard]] std::string elided(std::string_view text, std::size_t width);

}  // namespace millrace::cli
