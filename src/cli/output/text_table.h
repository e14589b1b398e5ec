#pragma once

#include <string>
#include <vector>

#include "cli/output/cell.h"

namespace millrace::cli {

/// Rows of typed columns, as commands show them.
class TextTable {
  public:
    /// A table whose columns are all text.
    explicit TextTable(const std::vector<std::string>& columns);
    static TextTable of(std::vector<TextColumn> columns);

    /// Adds a row of a cell for each column.
    void add(base::json::array cells) { rows_.push_back(std::move(cells)); }
    void add_row(const std::vector<std::string>& cells);
    /// Says that there are more rows than these.
    void set_truncated(bool truncated) { truncated_ = truncated; }

    [[nodiscard]] const std::vector<TextColumn>& columns() const { return columns_; }
    [[nodiscard]] const std::vector<base::json::array>& rows() const { return rows_; }
    [[nodiscard]] bool is_truncated() const { return truncated_; }

    /// What stdout is to show: a frame on a terminal, else tab-separated values. Without a newline at its
    /// end.
    [[nodiscard]] std::string text() const;
    /// A header of names and a line for each row, with all that the cells hold; null is empty.
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

/// The table of a query's result: its columns are {name, type}, its rows objects by column.
TextTable table_of(const base::json::array& columns, const base::json::array& rows, bool truncated);

}  // namespace millrace::cli
