#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace millrace::cli {

/// An option of the command line's definition, as help, completions and manual pages show it.
struct OptionEntry {
    std::string name;        ///< `--limit`, or a positional's name
    std::string short_name;  ///< `-f`, or empty
    std::string type;        ///< what its value is, such as `DURATION`; empty for a flag
    std::string group;       ///< the heading that it stands under
    std::string description;
    std::string otherwise;             ///< its default, or empty
    std::string environment;           ///< the variable that sets it, or empty
    std::vector<std::string> choices;  ///< the names that it takes, where it takes only some
    bool is_positional = false;
    bool is_required = false;
    bool is_list = false;  ///< a positional that takes any number of words
};

/// A command, with the words that lead to it (`topic create`; empty for the program itself).
struct CommandEntry {
    std::string path;
    std::string description;
    std::vector<std::string> commands;  ///< the names of those below it
    std::vector<OptionEntry> options;   ///< its own
    bool needs_command = false;         ///< it does nothing without one of those below it
};

CommandEntry command_entry(const CLI::App& command);

/// All commands of a command line, the program itself first, each before those below it.
std::vector<CommandEntry> command_tree(const CLI::App& program);

}  // namespace millrace::cli
