#pragma once

#include <string>
#include <vector>

#include "cli/command_tree.h"

namespace millrace::cli {

/// The scripts with which bash, zsh and fish complete commands, options and their values. A script does not
/// call the program.
std::string bash_completions(const std::vector<CommandEntry>& commands);
std::string zsh_completions(const std::vector<CommandEntry>& commands);
std::string fish_completions(const std::vector<CommandEntry>& commands);

/// The names of an option, with their dashes.
std::vector<std::string> dashed_names(const OptionEntry& option);
/// The words that a command accepts as arguments: names, or the commands of the program.
std::vector<std::string> argument_words(const std::vector<CommandEntry>& commands,
                                        const CommandEntry& command);
bool takes_value(const OptionEntry& option);
/// Whether the value of an option, or an argument, is a file or a folder.
bool takes_file(const OptionEntry& option);
/// The path of a subcommand, such as `topic create` for the command `topic`.
std::string path_below(const CommandEntry& command, const std::string& name);
/// The first sentence of a description, which fits after a name.
std::string first_sentence(const std::string& text);

}  // namespace millrace::cli
