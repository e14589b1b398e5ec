#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "silver/text_arena.h"

namespace millrace::silver {

/// Cuts a URL's query, `a=1&b=2`, into its parameters, in order. The texts point into the query, and are
/// percent-encoded.
class QueryString {
  public:
    explicit QueryString(std::string_view query) : rest_(query) {}

    /// Returns the next parameter's name and value, or nullopt at the end. Empty ones are left out.
    std::optional<std::pair<std::string_view, std::string_view>> next();

  private:
    std::string_view rest_;
};

/// Returns the query of a URL without the `?`, and without the fragment. It is empty if there is none.
std::string_view query_of(std::string_view url);

/// Returns a parameter as it was meant: `%41` is A, `+` a blank. A `%` that begins no escape stays. The view
/// points into `text` or `arena`. The result need not be UTF-8.
std::string_view decode_percent(std::string_view text, TextArena& arena);

}  // namespace millrace::silver
