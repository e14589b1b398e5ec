#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace millrace::serve {

struct SqlColumn {
    std::string name;
    std::string type;  ///< DuckDB's name of the type: `BIGINT`, `DECIMAL(38,4)`, `VARCHAR[]`, …

    /// Returns whether the values are numbers, which tables align to the right.
    [[nodiscard]] bool is_number() const;
};

/// The rows of a query. The values are JSON texts in the form in which DuckDB writes them: numbers in the
/// usual notation (`0.2027`), exact decimals and times as strings. Numbers that JSON does not have are
/// strings, too: `"NaN"`, `"Infinity"`, `"-Infinity"`.
struct SqlRows {
    std::vector<SqlColumn> columns;
    std::vector<std::string> rows;  ///< JSON objects with their columns in order
    bool truncated = false;         ///< whether there are more rows than the limit

    /// Returns `{"columns": [{"name", "type"}], "rows": […], "truncated": …}` with the members of `more`
    /// added.
    [[nodiscard]] std::string to_json(const base::json::object& more = {}) const;
};

/// Returns the values of a row in the order of the columns, as JSON texts. They point into `row`.
std::vector<std::string_view> sql_values(std::string_view row);
/// Returns a value for people to read: a string without its quotes, and an empty text for null.
std::string sql_text(std::string_view value);

/// Read the output of DuckDB's mode `jsonlines`: the description of the columns, and the rows, of which at
/// most `limit` are kept. Throw an Error if the text ends within a value.
std::vector<SqlColumn> read_sql_columns(std::string_view text);
SqlRows read_sql_rows(std::string_view columns, std::string_view rows, std::int64_t limit);

}  // namespace millrace::serve
