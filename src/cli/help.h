#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace millrace::cli {

/// The whole help of a command.
std::string help_text(const CLI::App& command);

/// What a command is for and the commands that it has, for one that was given without.
std::string short_help(const CLI::App& command);

}  // namespace millrace::cli
