#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/completions/completions.h"

namespace millrace::cli {

namespace {

std::string in_quotes(std::string_view text) {
    std::string made = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') made += '\\';
        made += c;
    }
    return made + "'";
}

std::string list_in_quotes(const std::vector<std::string>& words) {
    return in_quotes(fmt::format("{}", fmt::join(words, " ")));
}

/// The branches that say which subcommand a word selects, and after which option a value follows.
std::string cases_of(const CommandEntry& command) {
    std::string cases;
    for (const OptionEntry& option : command.options) {
        if (option.is_positional || !takes_value(option)) continue;
        for (const auto& name : dashed_names(option))
            cases += fmt::format("            case {}\n                set value 1\n",
                                 in_quotes(command.path + ' ' + name));
    }
    for (const std::string& name : command.commands) {
        cases += fmt::format("            case {}\n                set command {}\n",
                             in_quotes(command.path + ' ' + name), in_quotes(path_below(command, name)));
    }
    return cases;
}

std::string option_line(const std::string& at, const OptionEntry& option) {
    std::string line = at + fmt::format(" -l {}", option.name.substr(2));
    if (!option.short_name.empty()) line += fmt::format(" -s {}", option.short_name.substr(1));
    if (takes_value(option)) line += takes_file(option) ? " -r -F" : " -x";
    if (!option.choices.empty()) line += fmt::format(" -a {}", list_in_quotes(option.choices));
    return line + fmt::format(" -d {}\n", in_quotes(first_sentence(option.description)));
}

std::string lines_of(const std::vector<CommandEntry>& commands, const CommandEntry& command) {
    const std::string at =
        "complete -c millrace -n " + in_quotes(fmt::format("__millrace_at {}", in_quotes(command.path)));
    std::string lines;
    for (const OptionEntry& option : command.options) {
        if (!option.is_positional) {
            lines += option_line(at, option);
        } else if (takes_file(option)) {
            lines += at + " -F\n";
        }
    }
    for (const std::string& name : command.commands) {
        const auto below = std::ranges::find(commands, path_below(command, name), &CommandEntry::path);
        lines += fmt::format("{} -a {} -d {}\n", at, name, in_quotes(first_sentence(below->description)));
    }
    const auto words = argument_words(commands, command);
    return words.empty() ? lines : lines + fmt::format("{} -a {}\n", at, list_in_quotes(words));
}

constexpr const char* script = R"(# Completions of millrace for fish: millrace completions fish | source
function __millrace_at -a wanted
    set -l command ''
    set -l value
    set -l typed (commandline -opc)
    for word in $typed[2..-1]
        if test -n "$value"
            set value
            continue
        end
        switch "$command $word"
{}        end
    end
    test "$command" = "$wanted"
end
complete -c millrace -f
{})";

}  // namespace

std::string fish_completions(const std::vector<CommandEntry>& commands) {
    std::string cases;
    std::string lines;
    for (const CommandEntry& command : commands) {
        cases += cases_of(command);
        lines += lines_of(commands, command);
    }
    return fmt::format(script, cases, lines);
}

}  // namespace millrace::cli
