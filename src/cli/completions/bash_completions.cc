#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completions/completions.h"

namespace millrace::cli {

namespace {

/// The branches of the three case statements of the script.
struct Cases {
    std::string words;     ///< by command and word: the subcommand, or that an option's value follows
    std::string values;    ///< by command and option: the values that the option accepts
    std::string commands;  ///< by command: its options, and the words that may follow it
};

void add_option(const CommandEntry& command, const OptionEntry& option, Cases& cases) {
    if (!takes_value(option)) return;
    std::vector<std::string> patterns;
    for (const auto& name : dashed_names(option))
        patterns.push_back(fmt::format("\"{} {}\"", command.path, name));
    const std::string pattern = fmt::format("{}", fmt::join(patterns, "|"));
    cases.words += fmt::format("            {}) value=1 ;;\n", pattern);
    cases.values += option.choices.empty() ? fmt::format("        {}) return ;;\n", pattern)
                                           : fmt::format("        {}) words=\"{}\" ;;\n", pattern,
                                                         fmt::join(option.choices, " "));
}

void add_command(const std::vector<CommandEntry>& commands, const CommandEntry& command, Cases& cases) {
    std::vector<std::string> options;
    for (const OptionEntry& option : command.options) {
        if (option.is_positional) continue;
        for (auto& name : dashed_names(option)) options.push_back(std::move(name));
        add_option(command, option, cases);
    }
    std::vector<std::string> words = argument_words(commands, command);
    for (const std::string& name : command.commands) {
        words.push_back(name);
        cases.words += fmt::format("            \"{} {}\") command=\"{}\" ;;\n", command.path, name,
                                   path_below(command, name));
    }
    cases.commands += fmt::format("        \"{}\") options=\"{}\" words=\"{}\" ;;\n", command.path,
                                  fmt::join(options, " "), fmt::join(words, " "));
}

constexpr const char* bash_script = R"(# Completions of millrace for bash: source <(millrace completions bash)
_millrace() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
    local command= value= options= words= word i
    # bash splits --option=value into three words
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        previous=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${{COMP_WORDS[i]}}
        if [[ -n $value ]]; then
            [[ $word == = ]] || value=
            continue
        fi
        case "$command $word" in
{}        esac
    done
    # without words, bash completes file names
    case "$command $previous" in
{}    esac
    if [[ -n $words ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$current"))
        return
    fi
    case "$command" in
{}    esac
    [[ $current == -* ]] && words=$options
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _millrace millrace
)";

}  // namespace

std::string bash_completions(const std::vector<CommandEntry>& commands) {
    Cases cases;
    for (const CommandEntry& command : commands) add_command(commands, command, cases);
    return fmt::format(bash_script, cases.words, cases.values, cases.commands);
}

}  // namespace millrace::cli
