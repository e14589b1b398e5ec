#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/completions/completions.h"

namespace millrace::cli {

namespace {

/// Escapes a text for single quotes, with a backslash before each character of `special`.
std::string escaped(std::string_view text, std::string_view special) {
    std::string made;
    for (const char c : text) {
        if (c == '\'') {
            made += "'\\''";
            continue;
        }
        if (special.find(c) != std::string_view::npos) made += '\\';
        made += c;
    }
    return made;
}

std::string function_of(const std::string& path) {
    std::string name = path.empty() ? "_millrace" : "_millrace_" + path;
    std::ranges::replace(name, ' ', '_');
    return name;
}

/// The action with which _arguments completes a value.
std::string action_of(const std::vector<std::string>& choices, bool is_file) {
    if (!choices.empty()) return fmt::format("({})", fmt::join(choices, " "));
    return is_file ? "_files" : " ";
}

/// A spec of _arguments for each of an option's names.
std::string specs_of(const OptionEntry& option) {
    const std::string value =
        takes_value(option) ? fmt::format(":value:{}", action_of(option.choices, takes_file(option))) : "";
    std::string specs;
    for (const auto& name : dashed_names(option)) {
        specs += fmt::format(" \\\n        '*{}{}[{}]{}'", name,
                             takes_value(option) && name.starts_with("--") ? "=" : "",
                             escaped(first_sentence(option.description), "[]\\:"), value);
    }
    return specs;
}

std::string arguments_function(const std::vector<CommandEntry>& commands, const CommandEntry& command,
                               const std::string& specs) {
    const bool files = std::ranges::any_of(command.options, [](const OptionEntry& option) {
        return option.is_positional && takes_file(option);
    });
    return fmt::format("{}() {{\n    _arguments{} \\\n        '*:argument:{}'\n}}\n",
                       function_of(command.path), specs, action_of(argument_words(commands, command), files));
}

std::string commands_function(const std::vector<CommandEntry>& commands, const CommandEntry& command,
                              const std::string& specs) {
    std::string names;
    std::string calls;
    for (const std::string& name : command.commands) {
        const std::string path = path_below(command, name);
        const auto below = std::ranges::find(commands, path, &CommandEntry::path);
        names += fmt::format("                '{}:{}'\n", name,
                             escaped(first_sentence(below->description), ":\\"));
        calls += fmt::format("                {}) {} ;;\n", name, function_of(path));
    }
    return fmt::format(R"({}() {{
    local curcontext=$curcontext state line
    typeset -A opt_args
    _arguments -C{} \
        '1: :->command' '*:: :->rest'
    case $state in
        command)
            local -a commands=(
{}            )
            _describe command commands
            ;;
        rest)
            case $words[1] in
{}            esac
            ;;
    esac
}}
)",
                       function_of(command.path), specs, names, calls);
}

}  // namespace

std::string zsh_completions(const std::vector<CommandEntry>& commands) {
    std::string text =
        "#compdef millrace\n# Completions of millrace for zsh: source <(millrace completions zsh)\n";
    for (const CommandEntry& command : commands) {
        std::string specs;
        for (const OptionEntry& option : command.options) {
            if (!option.is_positional) specs += specs_of(option);
        }
        text += command.commands.empty() ? arguments_function(commands, command, specs)
                                         : commands_function(commands, command, specs);
    }
    return text +
           "if [[ $funcstack[1] == _millrace ]]; then\n    _millrace \"$@\"\nelse\n"
           "    compdef _millrace millrace\nfi\n";
}

}  // namespace millrace::cli
