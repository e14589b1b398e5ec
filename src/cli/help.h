#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace millrace::cli {

/// The complete help of a command.
std::string help_text(const CLI::App& command);

/// The help that is printed if a required subcommand is missing: usage, description and subcommands.
std::string short_help(const CLI::App& command);

}  // namespace millrace::cli
