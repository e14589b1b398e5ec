#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace millrace::cli {

/// The description of an option, for help, completions and manual pages.
struct OptionEntry {
    std::string name;        ///< `--limit`, or the name of a positional argument
    std::string short_name;  ///< `-f`, or empty
    std::string type;        ///< the kind of value, such as `DURATION`; empty for a flag
    std::string group;       ///< the heading of the section that lists the option
    std::string description;
    std::string default_value;         ///< the default, or empty
    std::string environment;           ///< the environment variable that sets the option, or empty
    std::vector<std::string> choices;  ///< the accepted names; empty if other values are accepted
    bool is_positional = false;
    bool is_required = false;
    bool is_list = false;  ///< a positional argument that takes any number of words
};

/// The description of a command.
struct CommandEntry {
    std::string path;  ///< `topic create`; empty for the program itself
    std::string description;
    std::vector<std::string> commands;  ///< the names of its subcommands
    std::vector<OptionEntry> options;   ///< without the options of its subcommands
    bool needs_command = false;         ///< whether a subcommand is required
};

CommandEntry command_entry(const CLI::App& command);

/// All commands of a command line: the program itself first, and each command before its subcommands.
std::vector<CommandEntry> command_tree(const CLI::App& program);

}  // namespace millrace::cli
