#pragma once

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"

namespace millrace::cli {

/// The command line of the program, with its options and all commands. Parsing writes to `globals`, which
/// must outlive the command line.
std::unique_ptr<CLI::App> make_command_line(Globals& globals);

}  // namespace millrace::cli
