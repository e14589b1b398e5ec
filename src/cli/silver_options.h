#pragma once

#include <CLI/CLI.hpp>

#include "silver/stage/silver_stage.h"

namespace millrace::cli {

/// Adds the options of the silver stage, for `silver`, `run` and `replay`.
void add_silver_options(CLI::App& command, silver::SilverOptions& options);

}  // namespace millrace::cli
