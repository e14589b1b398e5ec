#pragma once

#include <CLI/CLI.hpp>
#include <string>

/// Options as environment variables. The variable of a command's option contains the command:
/// `topic create --retention` is MILLRACE_TOPIC_CREATE_RETENTION. The variable of an option of the program
/// does not: `--data` is MILLRACE_DATA.
namespace millrace::cli {

/// The name of the variable of an option; empty for arguments, --help and --version, which have none.
std::string variable_of(const CLI::App& command, const CLI::Option& option);

/// Makes each command that runs read the options that the command line does not give from the environment. A
/// variable with the old name, without the command, is read if the one with the new name is not set. Other
/// programs may use such short names, so a flag ignores an old variable that is neither true nor false.
void read_environment(CLI::App& program);

/// Warns about each variable that was read by its old name, and tells the new name. Call it after parsing.
void warn_of_old_variables(const CLI::App& program);

}  // namespace millrace::cli
