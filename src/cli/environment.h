#pragma once

#include <CLI/CLI.hpp>
#include <string>

/// Options in the environment. A command's option has the command in its name: `topic create --retention` is
/// MILLRACE_TOPIC_CREATE_RETENTION; an option that stands before all commands has not: MILLRACE_DATA.
namespace millrace::cli {

/// The variable of an option; empty when it has none: arguments, --help and --version.
std::string variable_of(const CLI::App& command, const CLI::Option& option);

/// Lets each command take the options that it isn't given from the environment, when it is run. A variable
/// that is named as before, without the command, is taken where the new one isn't set; one that isn't true or
/// false is no flag of ours, since other programs' names are as short.
void read_environment(CLI::App& program);

/// Tells the new name of each variable that was taken by its old one. To call after parsing.
void warn_of_old_variables(const CLI::App& program);

}  // namespace millrace::cli
