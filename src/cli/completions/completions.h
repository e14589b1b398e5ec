#pragma once

#include <string>
#include <vector>

#include "cli/command_tree.h"

namespace millrace::cli {

/// What bash, zsh or fish read to complete commands, options and their values; they ask the program nothing.
std::string bash_completions(const std::vector<CommandEntry>& commands);
std::string zsh_completions(const std::vector<CommandEntry>& commands);
std::string fish_completions(const std::vector<CommandEntry>& commands);

/// An option's names, with their dashes.
std::vector<std::string> dashed_names(const OptionEntry& option);
/// What may stand in the place of a command's arguments: one of a few names, or of the program's commands.
std::vector<std::string> argument_words(const std::vector<CommandEntry>& commands,
                                        const CommandEntry& command);
bool takes_value(const OptionEntry& option);
/// Whether an option's value, or an argument, is a file or a folder.
bool takes_file(const OptionEntry& option);
/// `topic create` for a command `topic` and a name below it.
std::string path_below(const CommandEntry& command, const std::string& name);
/// The first sentence of a description, which has room behind a name.
std::string first_sentence(const std::string& text);

}  // namespace millrace::cli
