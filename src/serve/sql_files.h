#pragma once

#include <string>
#include <vector>

namespace millrace::serve {

/// A file of schemas/, which the program has with it.
struct SqlFile {
    std::string name;  ///< without its extension
    std::string sql;
};

/// The files of schemas/postgres/, in order: the n-th leads to version n of the schema there. A file that was
/// released never changes.
const std::vector<SqlFile>& postgres_migrations();

/// The files of schemas/reports/: what the dashboard shows, as queries over SqlViews' tables.
const std::vector<SqlFile>& report_queries();

}  // namespace millrace::serve
