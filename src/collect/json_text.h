#pragma once

#include <cstddef>
#include <string_view>

namespace millrace::collect {

/// Where values end in JSON text. These functions look only at brackets and quotes, in one pass and without
/// recursion, so that what is wrong inside of a value (NaN, a lone surrogate, bytes that are not UTF-8) does
/// not hinder them.

/// Returns the position of the first byte at or after `from` that is no blank, or the text's size.
std::size_t skip_blanks(std::string_view text, std::size_t from);
/// Returns the position of the first byte of a text's value, after a byte order mark and blanks.
std::size_t begin_of_json(std::string_view text);
/// Returns the position after the string that begins at `from`, or npos if it has no end.
std::size_t end_of_string(std::string_view text, std::size_t from);
/// Returns the position after the value that begins at `from`, or npos if it has no end. A value has at least
/// one byte.
std::size_t end_of_value(std::string_view text, std::size_t from);

}  // namespace millrace::collect
