#pragma once

#include <CLI/CLI.hpp>

#include "silver/stage/silver_stage.h"

namespace millrace::cli {

/// The silver stage's options, for `silver`, `run` and `replay`.
void add_silver_options(CLI::App& command, silver::SilverOptions& options);

}  // namespace millrace::cli
