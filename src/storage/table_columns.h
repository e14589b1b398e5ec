#pragma once

#include <string>
#include <vector>

namespace millrace::storage {

/// A column of a Delta table. Its type has SQL's name, as DuckDB writes it: VARCHAR, BIGINT, DECIMAL(38,4),
/// TIMESTAMP WITH TIME ZONE, VARCHAR[], STRUCT("key" VARCHAR).
struct TableColumn {
    std::string name;
    std::string type;

    /// Whether its values are made of others.
    [[nodiscard]] bool is_nested() const;
    friend bool operator==(const TableColumn&, const TableColumn&) = default;
};

/// The columns of a schema, Delta's JSON, in the table's order. Throws an Error when it is not JSON.
std::vector<TableColumn> table_columns(const std::string& schema_json);

}  // namespace millrace::storage
