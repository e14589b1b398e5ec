#include "cli/toml_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <cstdlib>

#include "base/error.h"
#include "cli/environment.h"

namespace millrace::cli {

namespace {

std::string text_of(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* integer = node.as_integer()) return fmt::format("{}", integer->get());
    if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    throw usage_error(
        "reading the configuration",
        fmt::format("line {}: a value must be text, a number, true or false, or a list of these",
                    node.source().begin.line));
}

void flatten(const toml::table& table, const std::vector<std::string>& parents,
             std::vector<CLI::ConfigItem>& items) {
    for (const auto& [key, node] : table) {
        if (parents.empty() && key == "alerts") continue;  // read_alert_config() reads them
        if (const auto* nested = node.as_table()) {
            auto path = parents;
            path.emplace_back(key.str());
            flatten(*nested, path, items);
            continue;
        }
        auto words = parents;
        words.emplace_back(key.str());
        if (std::getenv(environment_name(fmt::format("{}", fmt::join(words, " "))).c_str()) != nullptr)
            continue;  // it wins over the file
        CLI::ConfigItem item;
        item.parents = parents;
        item.name = std::string(key.str());
        if (const auto* list = node.as_array()) {
            for (const toml::node& element : *list) item.inputs.push_back(text_of(element));
        } else {
            item.inputs.push_back(text_of(node));
        }
        items.push_back(std::move(item));
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
        flatten(toml::parse(input), {}, found);
    } catch (const toml::parse_error& error) {
        throw usage_error("reading the configuration",
                          fmt::format("line {}: {}", error.source().begin.line, error.description()));
    }
    return found;
}

}  // namespace millrace::cli
