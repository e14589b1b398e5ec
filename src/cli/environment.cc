#include "cli/environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/log.h"
#include "cli/usage.h"

namespace millrace::cli {

namespace {

constexpr std::string_view variable_prefix = "MILLRACE_";

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) {
        return c == '-' || c == ' ' ? '_' : static_cast<char>(std::toupper(c));
    });
    return text;
}

/// The name of an option's variable without the command.
std::string short_variable(const CLI::Option& option) {
    return fmt::format("{}{}", variable_prefix, upper(option.get_lnames().front()));
}

/// The value of a variable; nullptr if it is not set or empty. CLI11 ignores empty variables, too.
const char* value_of(const std::string& variable) {
    const char* value = std::getenv(variable.c_str());
    return value == nullptr || *value == '\0' ? nullptr : value;
}

/// Whether a variable with the old name can belong to an option. A flag takes only true and false.
bool can_belong_to(const CLI::Option& option, const char* value) {
    bool flag = false;
    return option.get_items_expected_max() > 0 || CLI::detail::lexical_cast(value, flag);
}

/// The variable that an option is read from: the one with the old name only if that one can belong to the
/// option and the other one is not set.
std::string chosen_variable(const CLI::App& command, const CLI::Option& option) {
    std::string variable = variable_of(command, option);
    if (variable.empty() || value_of(variable) != nullptr) return variable;
    const std::string old = short_variable(option);
    const char* value = value_of(old);
    return value != nullptr && can_belong_to(option, value) ? old : variable;
}

}  // namespace

std::string variable_of(const CLI::App& command, const CLI::Option& option) {
    if (option.get_lnames().empty() || &option == command.get_help_ptr() ||
        &option == command.get_version_ptr())
        return {};
    if (command.get_parent() == nullptr) return short_variable(option);
    return fmt::format("{}{}_{}", variable_prefix, upper(name_of(command)),
                       upper(option.get_lnames().front()));
}

void read_environment(CLI::App& program) {
    // CLI11 reads the variables of all commands, so an option gets its variable only when its command begins.
    program.preparse_callback([&program](std::size_t /*words*/) {
        for (CLI::Option* option : program.get_options()) {
            if (option != program.get_config_ptr()) option->envname(chosen_variable(program, *option));
        }
    });
    for (CLI::App* command : program.get_subcommands({})) read_environment(*command);
}

void warn_of_old_variables(const CLI::App& program) {
    for (const CLI::App* command : chosen_commands(program)) {
        for (const CLI::Option* option : command->get_options()) {
            const std::string chosen = option->get_envname();
            const auto& typed = command->parse_order();
            const bool is_typed = std::ranges::find(typed, option) != typed.end();
            if (chosen.empty() || is_typed || option->count() == 0 ||
                chosen == variable_of(*command, *option))
                continue;
            base::tell(fmt::format("millrace: {} is deprecated; use {} instead\n", chosen,
                                   variable_of(*command, *option)));
        }
    }
}

}  // namespace millrace::cli
