#include "cli/toml_config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <cstdlib>

#include "base/error.h"
#include "cli/suggestion.h"
#include "cli/usage.h"

namespace millrace::cli {

namespace {

Error config_error(const toml::source_region& where, const std::string& what) {
    return usage_error("reading the configuration", fmt::format("line {}: {}", where.begin.line, what));
}

std::string value_text(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* integer = node.as_integer()) return fmt::format("{}", integer->get());
    if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    throw config_error(node.source(),
                       "a value must be a string, a number, true or false, or a list of these");
}

/// The command whose options a table sets.
const CLI::App& command_of(const CLI::App& parent, const std::string& name, const toml::node& node) {
    std::vector<std::string> names;
    for (const CLI::App* command : parent.get_subcommands({})) {
        if (command->get_name() == name) return *command;
        names.push_back(command->get_name());
    }
    throw config_error(node.source(),
                       fmt::format("there is no command {}{}", name, did_you_mean(name, names)));
}

/// The option that a key sets. Options such as --help cannot be set in a file.
const CLI::Option& option_of(const CLI::App& command, const std::string& name, const toml::key& key) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options()) {
        if (!option->get_configurable()) continue;
        if (option->get_single_name() == name) return *option;
        names.push_back(option->get_single_name());
    }
    throw config_error(key.source(), fmt::format("{} has no option {}{}", path_of(command), name,
                                                 did_you_mean(name, names)));
}

bool is_set_in_environment(const CLI::Option& option) {
    const char* value = std::getenv(option.get_envname().c_str());
    return value != nullptr && *value != '\0';
}

CLI::ConfigItem item_of(const std::vector<std::string>& parents, const std::string& name,
                        const toml::node& node) {
    CLI::ConfigItem item;
    item.parents = parents;
    item.name = name;
    if (const auto* list = node.as_array()) {
        for (const toml::node& element : *list) item.inputs.push_back(value_text(element));
    } else {
        item.inputs.push_back(value_text(node));
    }
    return item;
}

void flatten(const toml::table& table, const CLI::App& command, const std::vector<std::string>& parents,
             std::vector<CLI::ConfigItem>& items) {
    for (const auto& [key, node] : table) {
        const std::string name(key.str());
        if (parents.empty() && name == "alerts") continue;  // see read_alert_config()
        if (const auto* nested = node.as_table()) {
            auto path = parents;
            path.push_back(name);
            flatten(*nested, command_of(command, name, node), path, items);
            continue;
        }
        const CLI::Option& option = option_of(command, name, key);
        CLI::ConfigItem item = item_of(parents, name, node);
        if (command.parsed() && !is_set_in_environment(option)) items.push_back(std::move(item));
    }
}

}  // namespace

std::string TomlConfig::to_config(const CLI::App* app, bool default_also, bool write_description,
                                  std::string prefix) const {
    return CLI::ConfigTOML().to_config(app, default_also, write_description, std::move(prefix));
}

std::vector<CLI::ConfigItem> TomlConfig::from_config(std::istream& input) const {
    std::vector<CLI::ConfigItem> found;
    try {
        flatten(toml::parse(input), program_, {}, found);
    } catch (const toml::parse_error& error) {
        throw config_error(error.source(), std::string(error.description()));
    }
    return found;
}

}  // namespace millrace::cli
