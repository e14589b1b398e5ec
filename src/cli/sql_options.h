#pragma once

#include <string>
#include <vector>

#include "cli/command.h"
#include "serve/duckdb.h"

namespace millrace::cli {

/// Options for what one query may take, whose names begin with `prefix`. Their defaults are the values in
/// `limits`.
std::vector<CLI::Option*> add_sql_limits(CLI::App& command, const std::string& prefix,
                                         serve::SqlLimits& limits);

}  // namespace millrace::cli
