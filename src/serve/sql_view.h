#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/partition_path.h"

namespace millrace::serve {

/// A table that SQL queries see: Parquet files, and the values of partition columns, which the files do not
/// hold.
struct SqlView {
    struct Column {
        std::string name;
        std::string type;  ///< DuckDB's name of the type
    };
    struct File {
        std::string path;  ///< path relative to the folder in which queries run (DuckDb)
        storage::PartitionValues partition;
    };

    std::string name;  ///< `table`, or `schema.table`
    std::vector<Column> columns;
    std::vector<File> files;
    std::string unavailable{};            ///< the reason why queries cannot use the view now, or empty
    std::shared_ptr<const void> lease{};  ///< keeps the files from being removed
};

/// Return a text as an SQL literal, and a name as an SQL identifier.
std::string sql_literal(std::string_view text);
std::string sql_identifier(std::string_view name);
/// Returns several texts as a list of literals in DuckDB's form.
std::string sql_list(const std::vector<std::string>& texts);

/// Returns DuckDB statements that create the view. The view has all columns with their types and in their
/// order, whether the files have them or not.
std::string create_view(const SqlView& view);

/// Returns whether a query may use the view: the query contains the view's name and the name of its schema
/// anywhere, or it lists the views.
bool mentions(std::string_view query, const SqlView& view);

}  // namespace millrace::serve
