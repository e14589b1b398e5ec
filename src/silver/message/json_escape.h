#pragma once

#include <string_view>

#include "silver/text_arena.h"

namespace millrace::silver {

/// Returns the end of the escape in a JSON string that begins at `from`, a backslash. Returns nullptr if it
/// is no escape, or half of a surrogate pair. Reads at most 12 bytes.
const char* end_of_json_escape(const char* from);

/// Returns a JSON string without its escapes. `text` is what stands between the quotes, and its escapes are
/// right. The view points into `arena`.
std::string_view unescape_json(std::string_view text, TextArena& arena);

}  // namespace millrace::silver
