#include "cli/completions/completions.h"

#include <fmt/format.h>

#include "cli/command.h"

namespace millrace::cli {

std::vector<std::string> dashed_names(const OptionEntry& option) {
    if (option.short_name.empty()) return {option.name};
    return {option.short_name, option.name};
}

std::vector<std::string> argument_words(const std::vector<CommandEntry>& commands,
                                        const CommandEntry& command) {
    std::vector<std::string> words;
    for (const OptionEntry& option : command.options) {
        if (!option.is_positional) continue;
        const auto& names = option.type == "COMMAND" ? commands.front().commands : option.choices;
        words.insert(words.end(), names.begin(), names.end());
    }
    return words;
}

bool takes_value(const OptionEntry& option) {
    return !option.type.empty() || !option.choices.empty();
}

bool takes_file(const OptionEntry& option) {
    return option.type == "FILE" || option.type == "DIR";
}

std::string path_below(const CommandEntry& command, const std::string& name) {
    return command.path.empty() ? name : command.path + ' ' + name;
}

std::string first_sentence(const std::string& text) {
    const auto end = text.find(". ");
    return end == std::string::npos ? text : text.substr(0, end + 1);
}

void add_completions_command(CLI::App& app, Globals& globals) {
    auto shell = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("completions", "Print a script that adds completions to a shell.");
    add_choice(*command, "shell", *shell, {"bash", "zsh", "fish"}, "Shell to print the script for.")
        ->required();
    command->callback([&app, &globals, shell] {
        globals.action = [&app, shell] {
            const auto script = *shell == "bash"  ? bash_completions
                                : *shell == "zsh" ? zsh_completions
                                                  : fish_completions;
            fmt::print("{}", script(command_tree(app)));
            return 0;
        };
    });
}

}  // namespace millrace::cli
