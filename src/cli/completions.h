#pragma once

#include <string>
#include <vector>

#include "cli/command_tree.h"

namespace millrace::cli {

/// What bash, zsh or fish read to complete the program's commands and options; it asks the program nothing.
std::string bash_completions(const std::vector<CommandEntry>& commands);
std::string zsh_completions(const std::vector<CommandEntry>& commands);
std::string fish_completions(const std::vector<CommandEntry>& commands);

}  // namespace millrace::cli
