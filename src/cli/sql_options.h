#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "serve/duckdb.h"

namespace millrace::cli {

/// Adds the options that limit a query, and returns them. Their names begin with `prefix`, and their defaults
/// are the values in `limits`.
std::vector<CLI::Option*> add_sql_limits(CLI::App& command, const std::string& prefix,
                                         serve::SqlLimits& limits);

}  // namespace millrace::cli
