#pragma once

#include <CLI/CLI.hpp>

#include "produce/simulator.h"

namespace millrace::cli {

/// Adds the options of the simulator, for `produce` and `run`.
void add_simulator_options(CLI::App& command, produce::SimulatorOptions& options);

}  // namespace millrace::cli
