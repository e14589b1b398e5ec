#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/usage.h"

namespace millrace::cli {

namespace {

/// The command that a path of names leads to. Throws a usage Error when there is none.
const CLI::App& command_at(const CLI::App& program, const std::vector<std::string>& path) {
    const CLI::App* command = &program;
    for (const std::string& name : path) {
        const auto commands = command->get_subcommands({});
        const auto found = std::ranges::find(commands, name, &CLI::App::get_name);
        if (found == commands.end()) throw unknown_command(*command, name);
        command = *found;
    }
    return *command;
}

}  // namespace

std::string help_text(const CLI::App& command) {
    return command.get_formatter()->make_help(&command, path_of(command), CLI::AppFormatMode::Normal);
}

std::string short_help(const CLI::App& command) {
    std::string text = fmt::format("Usage: {} [OPTIONS] COMMAND\n\n{}\n\nCommands:\n", path_of(command),
                                   command.get_description());
    for (const CLI::App* each : command.get_subcommands({}))
        text += fmt::format("  {:<12} {}\n", each->get_name(), each->get_description());
    return text + fmt::format("\nMore: millrace help{} COMMAND\n",
                              command.get_parent() == nullptr ? "" : ' ' + name_of(command));
}

void add_help_command(CLI::App& app, Globals& globals) {
    auto path = std::make_shared<std::vector<std::string>>();
    CLI::App* command = app.add_subcommand("help", "Show what a command does and its options.");
    command->add_option("command", *path,
                        "The command, such as run, or topic create. (default: the program)");
    command->callback([&app, &globals, path] {
        globals.action = [&app, path] {
            fmt::print("{}", help_text(command_at(app, *path)));
            return 0;
        };
    });
}

}  // namespace millrace::cli
