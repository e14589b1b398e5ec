#include "cli/command_tree.h"

#include "cli/option.h"

namespace millrace::cli {

namespace {

OptionEntry entry_of(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    OptionEntry entry{.name = option.get_name(),
                      .short_name = {},
                      .type = option.get_expected_max() == 0 ? std::string() : type.substr(0, type.find(':')),
                      .group = option.get_group(),
                      .description = option.get_description(),
                      .otherwise = option.get_default_str(),
                      .environment = option.get_envname(),
                      .choices = choices_of(option),
                      .is_positional = option.get_positional()};
    if (!option.get_lnames().empty()) entry.name = "--" + option.get_lnames().front();
    if (!option.get_snames().empty()) entry.short_name = "-" + option.get_snames().front();
    return entry;
}

void add(const CLI::App& app, const std::string& path, std::vector<CommandEntry>& entries) {
    CommandEntry entry{.path = path, .description = app.get_description(), .commands = {}, .options = {}};
    for (const CLI::Option* option : app.get_options()) entry.options.push_back(entry_of(*option));
    const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
    for (const CLI::App* command : commands) entry.commands.push_back(command->get_name());
    entries.push_back(std::move(entry));
    for (const CLI::App* command : commands)
        add(*command, path.empty() ? command->get_name() : path + ' ' + command->get_name(), entries);
}

}  // namespace

std::vector<CommandEntry> command_tree(const CLI::App& program) {
    std::vector<CommandEntry> entries;
    add(program, {}, entries);
    return entries;
}

}  // namespace millrace::cli
