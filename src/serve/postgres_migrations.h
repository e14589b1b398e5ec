#pragma once

#include <string>
#include <vector>

namespace millrace::serve {

/// A step from one version of the PostgreSQL schema to the next.
struct PostgresMigration {
    std::string name;
    std::string sql;
};

/// The files of schemas/postgres/, in order: the n-th leads to version n. A file that was released never
/// changes.
const std::vector<PostgresMigration>& postgres_migrations();

}  // namespace millrace::serve
