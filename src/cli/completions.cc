#include "cli/completions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "cli/command.h"

namespace millrace::cli {

namespace {

// What bash and zsh share: the words that may stand at a place, and the values of an option. A place is the
// commands that came before.
constexpr const char* place_function = R"sh(
# Prints the commands among the words after the program's name.
_millrace_place() {
    local place="" word
    for word in "$@"; do
        case " $(_millrace_words "$place") " in
            *" $word "*) case $word in -*) ;; *) place="${place:+$place }$word" ;; esac ;;
        esac
    done
    printf '%s' "$place"
}
)sh";

constexpr const char* bash_function = R"sh(
_millrace() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} place values
    place=$(_millrace_place "${COMP_WORDS[@]:1:COMP_CWORD-1}")
    if values=$(_millrace_values "$place $before"); then
        COMPREPLY=($(compgen -W "$values" -- "$current"))
    else
        COMPREPLY=($(compgen -W "$(_millrace_words "$place")" -- "$current"))
    fi
}
complete -o default -F _millrace millrace
)sh";

constexpr const char* zsh_function = R"sh(
_millrace() {
    local place values
    place=$(_millrace_place "${(@)words[2,CURRENT-1]}")
    if values=$(_millrace_values "$place ${words[CURRENT-1]}"); then
        compadd -- ${(s: :)values}
    else
        compadd -- ${(s: :)"$(_millrace_words "$place")"} || _files
    fi
}
compdef _millrace millrace
)sh";

/// Of a program's own options, which may stand at any place, and a command's.
std::vector<const OptionEntry*> options_at(const std::vector<CommandEntry>& commands,
                                           const CommandEntry& command) {
    std::vector<const OptionEntry*> found;
    found.reserve(command.options.size() + commands.front().options.size());
    for (const OptionEntry& option : command.options) found.push_back(&option);
    if (&command == &commands.front()) return found;
    for (const OptionEntry& option : commands.front().options) {
        if (!std::ranges::any_of(command.options, [&](const auto& own) { return own.name == option.name; }))
            found.push_back(&option);
    }
    return found;
}

std::vector<std::string> words_at(const std::vector<CommandEntry>& commands, const CommandEntry& command) {
    std::vector<std::string> words = command.commands;
    for (const OptionEntry* option : options_at(commands, command)) {
        if (!option->is_positional) words.push_back(option->name);
        if (option->is_positional) words.insert(words.end(), option->choices.begin(), option->choices.end());
    }
    return words;
}

/// The two functions that know the commands, for a POSIX shell.
std::string tables(const std::vector<CommandEntry>& commands) {
    std::string words = "_millrace_words() {\n    case $1 in\n";
    std::string values = "_millrace_values() {\n    case $1 in\n";
    for (const CommandEntry& command : commands) {
        words += fmt::format("        '{}') echo {} ;;\n", command.path,
                             fmt::join(words_at(commands, command), " "));
        for (const OptionEntry* option : options_at(commands, command)) {
            if (option->choices.empty() || option->is_positional) continue;
            values += fmt::format("        '{} {}') echo {} ;;\n", command.path, option->name,
                                  fmt::join(option->choices, " "));
        }
    }
    return words + "    esac\n}\n" + values + "        *) return 1 ;;\n    esac\n}\n";
}

/// A text within single quotes of fish.
std::string in_quotes(std::string_view text) {
    std::string made = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') made += '\\';
        made += c;
    }
    return made + "'";
}

/// Whether the words before the cursor are those of the command, as a condition of fish.
std::string condition(const CommandEntry& command) {
    return in_quotes(fmt::format("test \"$(__millrace_place)\" = \"{}\"", command.path));
}

std::string fish_place(const std::vector<CommandEntry>& commands) {
    std::vector<std::string> paths;
    for (const CommandEntry& command : commands) {
        if (!command.path.empty()) paths.push_back(in_quotes(command.path));
    }
    return fmt::format(R"sh(function __millrace_place
    set -l place ''
    for word in (commandline -opc)[2..-1]
        set -l longer (string trim -- "$place $word")
        contains -- $longer {} && set place $longer
    end
    echo $place
end
)sh",
                       fmt::join(paths, " "));
}

void print_completions(const CLI::App& program, const std::string& shell) {
    const auto commands = command_tree(program);
    if (shell == "bash") {
        fmt::print("{}", bash_completions(commands));
    } else if (shell == "zsh") {
        fmt::print("{}", zsh_completions(commands));
    } else {
        fmt::print("{}", fish_completions(commands));
    }
}

}  // namespace

std::string bash_completions(const std::vector<CommandEntry>& commands) {
    return "# Completions of millrace for bash: source <(millrace completions bash)\n" + tables(commands) +
           place_function + bash_function;
}

std::string zsh_completions(const std::vector<CommandEntry>& commands) {
    return "#compdef millrace\n# Completions of millrace for zsh: source <(millrace completions zsh)\n" +
           tables(commands) + place_function + zsh_function;
}

std::string fish_completions(const std::vector<CommandEntry>& commands) {
    std::string text = "# Completions of millrace for fish: millrace completions fish | source\n" +
                       fish_place(commands) + "complete -c millrace -f\n";
    for (const CommandEntry& command : commands) {
        for (const std::string& name : command.commands) {
            const std::string path = command.path.empty() ? name : command.path + ' ' + name;
            const auto below = std::ranges::find(commands, path, &CommandEntry::path);
            text += fmt::format("complete -c millrace -n {} -a {} -d {}\n", condition(command),
                                in_quotes(name), in_quotes(below->description));
        }
        for (const OptionEntry* option : options_at(commands, command)) {
            if (option->is_positional) continue;
            text += fmt::format("complete -c millrace -n {} -l {} -d {}", condition(command),
                                option->name.substr(2), in_quotes(option->description));
            if (!option->type.empty()) text += " -r";
            if (!option->choices.empty())
                text += fmt::format(" -a {}", in_quotes(fmt::format("{}", fmt::join(option->choices, " "))));
            text += '\n';
        }
    }
    return text;
}

void add_completions_command(CLI::App& app, Globals& globals) {
    auto shell = std::make_shared<std::string>();
    CLI::App* command =
        app.add_subcommand("completions", "Print what a shell reads to complete commands and options.");
    command->add_option("shell", *shell, "The shell: bash, zsh or fish.")
        ->required()
        ->check(must_be_one_of({"bash", "zsh", "fish"}));
    command->callback([&app, &globals, shell] {
        globals.action = [&app, shell] {
            print_completions(app, *shell);
            return 0;
        };
    });
}

}  // namespace millrace::cli
