#include "cli/command_tree.h"

#include "cli/environment.h"
#include "cli/option.h"
#include "cli/usage.h"

namespace millrace::cli {

namespace {

OptionEntry entry_of(const CLI::App& command, const CLI::Option& option) {
    const std::string type = option.get_type_name();
    OptionEntry entry{.name = option.get_name(),
                      .short_name = {},
                      .type = option.get_expected_max() == 0 ? std::string() : type.substr(0, type.find(':')),
                      .group = option.get_group(),
                      .description = option.get_description(),
                      .default_value = option.get_default_str(),
                      .environment = variable_of(command, option),
                      .choices = choices_of(option),
                      .is_positional = option.get_positional(),
                      .is_required = option.get_required(),
                      .is_list = option.get_items_expected_max() > 1};
    if (!option.get_lnames().empty()) entry.name = "--" + option.get_lnames().front();
    if (!option.get_snames().empty()) entry.short_name = "-" + option.get_snames().front();
    return entry;
}

void add(const CLI::App& app, std::vector<CommandEntry>& entries) {
    entries.push_back(command_entry(app));
    for (const CLI::App* command : app.get_subcommands({})) add(*command, entries);
}

}  // namespace

CommandEntry command_entry(const CLI::App& command) {
    CommandEntry entry{.path = command.get_parent() == nullptr ? std::string() : name_of(command),
                       .description = command.get_description(),
                       .commands = {},
                       .options = {},
                       .needs_command = command.get_require_subcommand_min() > 0};
    for (const CLI::Option* option : command.get_options())
        entry.options.push_back(entry_of(command, *option));
    for (const CLI::App* each : command.get_subcommands({})) entry.commands.push_back(each->get_name());
    return entry;
}

std::vector<CommandEntry> command_tree(const CLI::App& program) {
    std::vector<CommandEntry> entries;
    add(program, entries);
    return entries;
}

}  // namespace millrace::cli
