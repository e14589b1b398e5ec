#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace millrace::cli {

/// Rows of columns as a table for people, or as JSON.
class TextTable {
  public:
    TextTable() = default;
    /// A table whose columns are these.
    explicit TextTable(std::vector<std::string> columns) : columns_(std::move(columns)) {}

    /// Adds Arrow rows; `constants` are columns that the batch has not (a table's partition columns).
    void add(const arrow::RecordBatch& rows, const std::map<std::string, std::string>& constants = {});
    void add_row(std::vector<std::string> cells);

    [[nodiscard]] std::size_t rows() const { return rows_.size(); }
    /// The table with a header, of all columns or the named ones.
    [[nodiscard]] std::string text(const std::vector<std::string>& columns = {}) const;
    /// {"rows": [{column: text}]}; empty cells are null.
    [[nodiscard]] base::json::object json(const std::vector<std::string>& columns = {}) const;

  private:
    [[nodiscard]] std::vector<std::size_t> places(const std::vector<std::string>& columns) const;

    std::vector<std::string> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// A value of an Arrow array as people read it: timestamps as ISO 8601, null as an empty cell.
std::string cell_text(const arrow::Array& column, std::int64_t row);

}  // namespace millrace::cli
