#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace millrace::cli {

/// The environment's name of an option, from the words of its command and its own:
/// MILLRACE_TOPIC_CREATE_RETENTION for `topic create retention`.
std::string environment_name(std::string words);

/// Lets every option of the program stand in the environment as MILLRACE_OPTION, and every option of a
/// command as MILLRACE_COMMAND_OPTION: `--retention` of vacuum is MILLRACE_VACUUM_RETENTION.
void name_in_environment(CLI::App& program);

/// Takes a variable's old name, without the command, for the command that these arguments name, and says on
/// stderr what it is called now. Before the arguments are parsed.
void accept_old_names(const CLI::App& program, int argc, const char* const* argv);

}  // namespace millrace::cli
