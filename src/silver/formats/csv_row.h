#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "silver/text_arena.h"

namespace millrace::silver {

/// A line of a CSV file, whose columns have the names of the file's header. Not thread-safe.
class CsvRow {
  public:
    /// Splits a line. Returns false if its number of fields is not that of `header`, or a quote is not
    /// closed. The header is split once for lines of one file that follow each other. The fields point into
    /// `line` or this object, until the next call.
    bool read(std::string_view header, std::string_view line);

    /// Returns the field of a column, or nullopt if there is no such column or the field is empty. The column
    /// counts as used.
    std::optional<std::string_view> take(std::string_view column);
    /// Returns a JSON object of the fields that were not used and are not empty, as strings; nullopt if there
    /// are none. The view points into `arena`.
    std::optional<std::string_view> left(TextArena& arena) const;

  private:
    std::string header_;
    std::vector<std::string_view> names_;  // point into header_ or names_scratch_
    std::string names_scratch_;
    std::vector<std::string_view> fields_;
    std::string scratch_;
    std::vector<bool> used_;
};

}  // namespace millrace::silver
