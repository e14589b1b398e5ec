#pragma once

#include <string>
#include <vector>

namespace millrace::serve {

/// A file of schemas/ that is compiled into the program.
struct SqlFile {
    std::string name;  ///< without its extension
    std::string sql;
};

/// Returns the files of schemas/postgres/ in order. The n-th file migrates the schema in PostgreSQL to
/// version n. A file that was released must never change.
const std::vector<SqlFile>& postgres_migrations();

/// Returns the files of schemas/reports/: the reports of the dashboard as queries on the tables of SqlViews.
const std::vector<SqlFile>& report_queries();

}  // namespace millrace::serve
