#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/partition_path.h"

namespace millrace::serve {

/// A table that SQL sees: Parquet files, and the values of its partition columns, which they don't hold.
struct SqlView {
    struct Column {
        std::string name;
        std::string type;  ///< DuckDB's
    };
    struct File {
        std::string path;  ///< from the folder that queries run in (DuckDb)
        storage::PartitionValues partition;
    };

    std::string name;  ///< `table`, or `schema.table`
    std::vector<Column> columns;
    std::vector<File> files;
    std::string unavailable{};            ///< why queries can't see it now; empty when they can
    std::shared_ptr<const void> lease{};  ///< keeps the files from being removed
};

/// A text as SQL's literal, a name as SQL's identifier.
std::string sql_literal(std::string_view text);
std::string sql_identifier(std::string_view name);
/// The same of several, as DuckDB's list.
std::string sql_list(const std::vector<std::string>& texts);

/// Statements of DuckDB that create the view. It has all columns, typed and in their order, whether the files
/// have them or not.
std::string create_view(const SqlView& view);

/// Whether a query may use the view: its name, and that of its schema, stand there somewhere, or the query
/// lists the views.
bool mentions(std::string_view query, const SqlView& view);

}  // namespace millrace::serve
