#pragma once

#include <string>
#include <vector>

#include "cli/output/cell.h"

namespace millrace::cli {

/// Rows of typed columns that commands print.
class TextTable {
  public:
    /// A table whose columns are all text.
    explicit TextTable(const std::vector<std::string>& columns);
    static TextTable of(std::vector<TextColumn> columns);

    /// Adds a row with a cell for each column.
    void add(base::json::array cells) { rows_.push_back(std::move(cells)); }
    void add_row(const std::vector<std::string>& cells);
    /// Sets whether there are more rows than these.
    void set_truncated(bool truncated) { truncated_ = truncated; }

    [[nodiscard]] const std::vector<TextColumn>& columns() const { return columns_; }
    [[nodiscard]] const std::vector<base::json::array>& rows() const { return rows_; }
    [[nodiscard]] bool is_truncated() const { return truncated_; }

    /// The text for stdout: a frame on a terminal, otherwise tab-separated values. The text does not end with
    /// a newline.
    [[nodiscard]] std::string text() const;
    /// A header of names and a line for each row, with the complete cells. Null is empty.
    [[nodiscard]] std::string tab_separated() const;
    /// {"columns": [{name, type}], "rows": [{column: value}], "truncated": …}
    [[nodiscard]] base::json::object json() const;

  private:
    TextTable() = default;

    std::vector<TextColumn> columns_;
    std::vector<base::json::array> rows_;
    bool truncated_ = false;
};

/// Prints a table to stdout: as one JSON object, or as text().
void print_table(const TextTable& table, bool as_json);

/// A query's result.
struct ResultRows {
    const base::json::array& columns;  ///< {name, type}
    const base::json::array& rows;     ///< objects by column
    bool truncated = false;
};
TextTable table_of(const ResultRows& result);

}  // namespace millrace::cli
