#include "cli/help.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/command_tree.h"
#include "cli/output/terminal.h"
#include "cli/usage.h"

namespace millrace::cli {

namespace {

constexpr std::size_t max_line_width = 100;
/// The column of names, with two spaces before and one after them.
constexpr std::size_t left_width = 28;
/// A longer list of choices becomes a sentence of the description.
constexpr std::size_t max_choice_width = 30;

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    for (auto& word : CLI::detail::split(text, ' ')) {
        if (!word.empty()) words.push_back(std::move(word));
    }
    return words;
}

/// Wraps words into lines that begin at the column `indent`. The first line is already indented.
std::string wrapped(const std::vector<std::string>& words, std::size_t indent) {
    std::string text;
    std::size_t column = indent;
    for (const std::string& word : words) {
        const std::size_t width = display_width(word);
        if (column > indent && column + 1 + width > max_line_width) {
            text += '\n' + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            text += ' ';
            ++column;
        }
        text += word;
        column += width;
    }
    return text + '\n';
}

/// A name in the left column and its description in the right one. The description begins on the next line if
/// the name is too long.
std::string entry(const std::string& name, const std::vector<std::string>& words) {
    std::string text = "  " + name;
    if (const std::size_t width = display_width(text); width < left_width) {
        text.append(left_width - width, ' ');
    } else {
        text += '\n' + std::string(left_width, ' ');
    }
    return text + wrapped(words, left_width);
}

std::string entry(const OptionEntry& option) {
    const std::string list = fmt::format("{}", fmt::join(option.choices, "|"));
    const bool is_short = !list.empty() && list.size() <= max_choice_width && !option.is_positional;
    std::string name = option.short_name.empty() ? option.name : option.short_name + ", " + option.name;
    if (is_short) {
        name += ' ' + list;
    } else if (!option.is_positional && (!option.type.empty() || !list.empty())) {
        name += ' ' + (option.type.empty() ? "NAME" : option.type);
    }
    auto words = words_of(option.description);
    if (!list.empty() && !is_short) {
        for (auto& word : words_of(fmt::format("One of: {}.", fmt::join(option.choices, ", "))))
            words.push_back(std::move(word));
    }
    // A word is never wrapped.
    if (!option.default_value.empty()) words.push_back(fmt::format("[default: {}]", option.default_value));
    if (!option.environment.empty()) words.push_back(fmt::format("[env: {}]", option.environment));
    return entry(name, words);
}

std::string heading_of(const OptionEntry& option) {
    return option.is_positional ? "Arguments" : option.group;
}

std::string options_of(const CommandEntry& command) {
    std::vector<std::string> headings;
    for (const OptionEntry& option : command.options) {
        const std::string heading = heading_of(option);
        if (std::ranges::find(headings, heading) == headings.end())
            headings.insert(option.is_positional ? headings.begin() : headings.end(), heading);
    }
    std::string text;
    for (const std::string& heading : headings) {
        text += fmt::format("\n{}:\n", heading);
        for (const OptionEntry& option : command.options) {
            if (heading_of(option) == heading) text += entry(option);
        }
    }
    return text;
}

std::string commands_of(const CLI::App& command) {
    const auto commands = command.get_subcommands({});
    std::string text = commands.empty() ? "" : "\nCommands:\n";
    for (const CLI::App* each : commands) text += entry(each->get_name(), words_of(each->get_description()));
    return text;
}

std::string usage_of(const CLI::App& command) {
    const CommandEntry described = command_entry(command);
    std::string usage = path_of(command) + " [OPTIONS]";
    for (const OptionEntry& option : described.options) {
        if (!option.is_positional) continue;
        const std::string name = option.name + (option.is_list ? "..." : "");
        usage += option.is_required ? ' ' + name : fmt::format(" [{}]", name);
    }
    if (described.commands.empty()) return usage;
    return usage + (described.needs_command ? " COMMAND" : " [COMMAND]");
}

}  // namespace

std::string help_text(const CLI::App& command) {
    return fmt::format("{}\nUsage: {}\n{}{}", wrapped(words_of(command.get_description()), 0),
                       usage_of(command), options_of(command_entry(command)), commands_of(command));
}

std::string short_help(const CLI::App& command) {
    return fmt::format("Usage: {}\n\n{}{}\nFor the options of a command: millrace help{} COMMAND\n",
                       usage_of(command), wrapped(words_of(command.get_description()), 0),
                       commands_of(command), command.get_parent() == nullptr ? "" : ' ' + name_of(command));
}

void add_help_command(CLI::App& app, Globals& globals) {
    auto path = std::make_shared<std::vector<std::string>>();
    CLI::App* command = app.add_subcommand("help", "Show the help of a command.");
    command
        ->add_option("command", *path, "Command, such as run or topic create. (default: the program itself)")
        ->type_name("COMMAND");
    command->callback([&app, &globals, path] {
        globals.action = [&app, path] {
            fmt::print("{}", help_text(command_at(app, *path)));
            return 0;
        };
    });
}

}  // namespace millrace::cli
