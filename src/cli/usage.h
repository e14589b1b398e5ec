#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

/// The errors of command lines, in one style: "--port must be a number from 0 to 65535, not 99999".
namespace millrace::cli {

/// The full name of a command, such as `millrace topic create`.
std::string path_of(const CLI::App& command);
/// The name of a command without that of the program, such as `topic create`.
std::string name_of(const CLI::App& command);

/// The commands of the parsed line, from the program itself to the last subcommand.
std::vector<const CLI::App*> chosen_commands(const CLI::App& program);

/// The command whose required subcommand is missing, if nothing else is wrong; else nullptr. The program then
/// prints the help of that command.
const CLI::App* incomplete_command(const CLI::App& program);

/// A usage Error for a subcommand that `parent` does not have, with the nearest name.
Error unknown_command(const CLI::App& parent, const std::string& word);

/// The command with this path of names below the program. Throws a usage Error if there is none.
const CLI::App& command_at(const CLI::App& program, const std::vector<std::string>& path);

/// A usage Error for a word that no command of the line accepts: an unknown option or command, with the
/// nearest name, or the place where the option belongs. Nothing if there is no such word.
std::optional<Error> unknown_word(const CLI::App& program);

/// A usage Error for an error of CLI11.
Error usage_error_of(const CLI::App& program, const CLI::ParseError& error);

}  // namespace millrace::cli
