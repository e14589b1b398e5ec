#pragma once

#include <string>
#include <vector>

namespace millrace::storage {

/// A column of a Delta table. Its type has an SQL name in DuckDB's form: VARCHAR, BIGINT, DECIMAL(38,4),
/// TIMESTAMP WITH TIME ZONE, VARCHAR[], STRUCT("key" VARCHAR).
struct TableColumn {
    std::string name;
    std::string type;

    /// Returns whether the type is a list, a struct or a map.
    [[nodiscard]] bool is_nested() const;
    friend bool operator==(const TableColumn&, const TableColumn&) = default;
};

/// Returns the columns of a schema (Delta's JSON) in the table's order. Throws an Error if it is not JSON.
std::vector<TableColumn> table_columns(const std::string& schema_json);

}  // namespace millrace::storage
