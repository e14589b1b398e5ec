#pragma once

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"

namespace millrace::cli {

/// The program's command line: its options and all commands. It writes what it parses to `globals`, which
/// must outlive it.
std::unique_ptr<CLI::App> make_command_line(Globals& globals);

}  // namespace millrace::cli
