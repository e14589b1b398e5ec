#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

/// What was wrong with a command line, in one style: "--port must be a number from 0 to 65535, not 99999".
namespace millrace::cli {

/// `millrace topic create`: a command with those that it stands under.
std::string path_of(const CLI::App& command);
/// The same without the program's name.
std::string name_of(const CLI::App& command);

/// The commands of the line that was parsed, from the program itself to the last one.
std::vector<const CLI::App*> chosen_commands(const CLI::App& program);

/// The command that lacks one of its own, when that is all that is wrong: its help answers that.
const CLI::App* incomplete_command(const CLI::App& program);

/// A usage Error for a command that `parent` hasn't, with the nearest name.
Error unknown_command(const CLI::App& parent, const std::string& word);

/// The command that a path of names leads to from the program. Throws a usage Error when there is none.
const CLI::App& command_at(const CLI::App& program, const std::vector<std::string>& path);

/// A usage Error for a word that no command of the line takes: an unknown option or command, with the nearest
/// name, or where the option belongs. Nothing when there is no such word.
std::optional<Error> unknown_word(const CLI::App& program);

/// A usage Error for what CLI11 refused.
Error usage_error_of(const CLI::App& program, const CLI::ParseError& error);

}  // namespace millrace::cli
