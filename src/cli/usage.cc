#include "cli/usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "cli/suggestion.h"

namespace millrace::cli {

namespace {

bool looks_like_option(const std::string& word) {
    return word.starts_with('-') && word.find_first_not_of('-') != std::string::npos;
}

/// The words that a command did not accept.
std::vector<std::string> remaining_words(const CLI::App& command) {
    std::vector<std::string> words = command.remaining();
    std::erase(words, "--");
    return words;
}

/// The long names of a command's options, without their dashes.
std::vector<std::string> option_names(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options())
        names.insert(names.end(), option->get_lnames().begin(), option->get_lnames().end());
    return names;
}

/// The names of the subcommands of `parent`, such as `topic create`.
std::vector<std::string> command_names(const CLI::App& parent) {
    std::vector<std::string> names;
    for (const CLI::App* command : parent.get_subcommands({})) names.push_back(name_of(*command));
    return names;
}

Error unknown_option(const CLI::App& program, const std::string& word, const CLI::App& command) {
    const std::string name = word.substr(0, word.find('='));
    for (const CLI::App* other : chosen_commands(program)) {
        if (other == &command || other->get_option_no_throw(name) == nullptr) continue;
        if (other == &program)
            return usage_error(
                fmt::format("{} belongs before the command: millrace {} … {}", name, name, name_of(command)));
        return usage_error(fmt::format("{} belongs after its command: {} {} …", name, path_of(*other), name));
    }
    const auto nearest = nearest_name(name.substr(name.find_first_not_of('-')), option_names(command));
    return usage_error(fmt::format("unknown option {} of {}; {}", name, path_of(command),
                                   nearest ? fmt::format("did you mean --{}?", *nearest)
                                           : fmt::format("see: {} --help", path_of(command))));
}

/// The option that CLI11 names at the beginning of its message. `owner` becomes its command.
const CLI::Option* named_option(const CLI::App& program, const std::string& name, const CLI::App*& owner) {
    const auto commands = chosen_commands(program);
    for (auto command = commands.rbegin(); command != commands.rend(); ++command) {
        owner = *command;
        if (const CLI::Option* option = (*command)->get_option_no_throw(name)) return option;
    }
    return nullptr;
}

/// Where the user set the value: the option, the environment variable, or the key of the configuration file.
std::string source_of(const CLI::App& owner, const CLI::Option& option) {
    const auto& typed = owner.parse_order();
    if (std::ranges::find(typed, &option) != typed.end()) return option.get_name();
    std::string variable = option.get_envname();
    if (!variable.empty() && std::getenv(variable.c_str()) != nullptr) return variable;
    return fmt::format("{} in the configuration", option.get_single_name());
}

/// A usage Error that begins with the place where the value was set, and continues with `what`.
Error value_error(const CLI::App& program, const std::string& name, const std::string& what) {
    const CLI::App* owner = nullptr;
    const CLI::Option* option = named_option(program, name, owner);
    return usage_error(fmt::format("{} {}", option == nullptr ? name : source_of(*owner, *option), what));
}

/// Rewrites CLI11's "--port: must be …", which comes from our validators, and "--port: Value 0 not in range 1
/// to 9".
Error invalid_value(const CLI::App& program, const std::string& message) {
    const auto colon = std::min(message.find(": "), message.size());
    std::string what = message.substr(std::min(colon + 2, message.size()));
    constexpr std::string_view out_of_range = " not in range ";
    if (const auto at = what.find(out_of_range); what.starts_with("Value ") && at != std::string::npos)
        what = fmt::format("must be a number from {}, not {}", what.substr(at + out_of_range.size()),
                           what.substr(6, at - 6));
    return value_error(program, message.substr(0, colon), what);
}

/// Rewrites CLI11's "Could not convert: --json = maybe". Most numbers have validators, so that is usually a
/// flag.
Error unconverted_value(const CLI::App& program, const std::string& message) {
    constexpr std::string_view could_not = "Could not convert: ";
    const auto equals = message.find(" = ");
    if (!message.starts_with(could_not) || equals == std::string::npos) return usage_error(message);
    const std::string name = message.substr(could_not.size(), equals - could_not.size());
    const CLI::App* owner = nullptr;
    const CLI::Option* option = named_option(program, name, owner);
    const bool is_flag = option != nullptr && option->get_items_expected_max() == 0;
    return value_error(program, name,
                       fmt::format("must be {}, not {}", is_flag ? "true or false" : "a number",
                                   message.substr(equals + 3)));
}

/// Rewrites CLI11's "--limit: 1 required INT missing" and "--limit: At Most 1 required but received 2".
Error wrong_number_of_values(const std::string& message) {
    const std::string name = message.substr(0, message.find(':'));
    return usage_error(message.ends_with("missing") ? fmt::format("{} needs a value", name)
                                                    : fmt::format("{} can be given only once", name));
}

Error missing_argument(const CLI::App& program, const std::string& message) {
    const CLI::App& command = *chosen_commands(program).back();
    for (const CLI::Option* option : command.get_options()) {
        if (option->get_required() && option->count() == 0)
            return usage_error(fmt::format(
                "{} needs {}; see: {} --help", path_of(command),
                option->get_positional() ? option->get_name(true) : option->get_name(), path_of(command)));
    }
    return usage_error(message);
}

Error excluded_option(const CLI::App& program, const std::string& message) {
    for (const CLI::App* command : chosen_commands(program)) {
        for (const CLI::Option* option : command->get_options()) {
            for (const CLI::Option* other : option->get_excludes()) {
                if (option->count() > 0 && other->count() > 0)
                    return usage_error(fmt::format("{} and {} cannot be used together", option->get_name(),
                                                   other->get_name()));
            }
        }
    }
    return usage_error(message);
}

}  // namespace

std::string path_of(const CLI::App& command) {
    return command.get_parent() == nullptr ? command.get_name()
                                           : path_of(*command.get_parent()) + ' ' + command.get_name();
}

std::string name_of(const CLI::App& command) {
    const std::string path = path_of(command);
    const auto space = path.find(' ');
    return space == std::string::npos ? path : path.substr(space + 1);
}

std::vector<const CLI::App*> chosen_commands(const CLI::App& program) {
    std::vector<const CLI::App*> commands = {&program};
    for (auto next = program.get_subcommands(); !next.empty(); next = next.front()->get_subcommands())
        commands.push_back(next.front());
    return commands;
}

const CLI::App* incomplete_command(const CLI::App& program) {
    const CLI::App* last = chosen_commands(program).back();
    return last->get_require_subcommand_min() > 0 && !unknown_word(program) ? last : nullptr;
}

Error unknown_command(const CLI::App& parent, const std::string& word) {
    const std::string name = parent.get_parent() == nullptr ? word : name_of(parent) + ' ' + word;
    const std::string nearest = did_you_mean(name, command_names(parent));
    return usage_error(
        fmt::format("unknown command {}{}", name,
                    nearest.empty() ? fmt::format("; see: {} --help", path_of(parent)) : nearest));
}

const CLI::App& command_at(const CLI::App& program, const std::vector<std::string>& path) {
    const CLI::App* command = &program;
    for (const std::string& name : path) {
        const auto commands = command->get_subcommands({});
        const auto found = std::ranges::find(commands, name, &CLI::App::get_name);
        if (found == commands.end()) throw unknown_command(*command, name);
        command = *found;
    }
    return *command;
}

std::optional<Error> unknown_word(const CLI::App& program) {
    const auto commands = chosen_commands(program);
    const CLI::App& last = *commands.back();
    const auto after_last = remaining_words(last);
    if (!after_last.empty() && !looks_like_option(after_last.front()) && !last.get_subcommands({}).empty())
        return unknown_command(last, after_last.front());
    for (const CLI::App* command : commands) {
        for (const std::string& word : remaining_words(*command)) {
            if (looks_like_option(word)) return unknown_option(program, word, *command);
        }
    }
    for (const CLI::App* command : commands) {
        const auto words = remaining_words(*command);
        if (words.empty()) continue;
        if (!command->get_subcommands({}).empty()) return unknown_command(*command, words.front());
        return usage_error(fmt::format("unexpected argument {} of {}; see: {} --help", words.front(),
                                       path_of(*command), path_of(*command)));
    }
    return std::nullopt;
}

Error usage_error_of(const CLI::App& program, const CLI::ParseError& error) {
    if (auto unknown = unknown_word(program)) return *unknown;
    const std::string kind = error.get_name();
    const std::string message = error.what();
    if (kind == "RequiredError") return missing_argument(program, message);
    if (kind == "ExcludesError") return excluded_option(program, message);
    if (kind == "ArgumentMismatch") return wrong_number_of_values(message);
    if (kind == "ValidationError") return invalid_value(program, message);
    if (kind == "ConversionError") return unconverted_value(program, message);
    if (kind == "FileError")
        return usage_error(fmt::format("the configuration file {} cannot be read",
                                       message.substr(0, message.find(" was not readable"))));
    return usage_error(message);
}

}  // namespace millrace::cli
