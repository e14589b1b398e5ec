#pragma once

#include <CLI/CLI.hpp>

#include "pipeline/silver_stage.h"

namespace millrace::cli {

/// The silver stage's options, for `silver`, `run` and `replay`.
void add_silver_options(CLI::App& command, pipeline::SilverOptions& options);

}  // namespace millrace::cli
