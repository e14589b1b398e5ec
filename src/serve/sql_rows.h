#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace millrace::serve {

struct SqlColumn {
    std::string name;
    std::string type;  ///< DuckDB's: `BIGINT`, `DECIMAL(38,4)`, `VARCHAR[]`, …

    /// Whether its values are numbers, which tables align to the right.
    [[nodiscard]] bool is_number() const;
};

/// Rows of a query. Their values stay JSON texts, as DuckDB writes them: numbers in the form that people read
/// (`0.2027`), exact decimals and times as strings. What JSON has no number for is a string, too: `"NaN"`,
/// `"Infinity"`, `"-Infinity"`.
struct SqlRows {
    std::vector<SqlColumn> columns;
    std::vector<std::string> rows;  ///< JSON objects, with the columns in order
    bool truncated = false;         ///< there are more rows than the limit

    /// `{"columns": [{"name", "type"}], "rows": […], "truncated": …}` and the members of `more`.
    [[nodiscard]] std::string to_json(const base::json::object& more = {}) const;
};

/// A row's values in the columns' order, as JSON texts. They are parts of `row`.
std::vector<std::string_view> sql_values(std::string_view row);
/// A value as people read it: a string without its quotes; nothing for null.
std::string sql_text(std::string_view value);

/// Reads what DuckDB writes in its mode `jsonlines`: the description of the columns, and the rows of which
/// `limit` are kept. Throws an Error for a text that ends within a value.
std::vector<SqlColumn> read_sql_columns(std::string_view text);
SqlRows read_sql_rows(std::string_view columns, std::string_view rows, std::int64_t limit);

}  // namespace millrace::serve
