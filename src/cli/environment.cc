#include "cli/environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

#include "base/log.h"

namespace millrace::cli {

namespace {

bool has_environment_name(const CLI::Option& option) {
    return !option.get_lnames().empty() && option.get_lnames().front() != "help" &&
           option.get_lnames().front() != "version";
}

void name_options(CLI::App& app, const std::string& path) {
    for (CLI::Option* option : app.get_options()) {
        if (has_environment_name(*option))
            option->envname(environment_name(path + option->get_lnames().front()));
    }
    for (CLI::App* command : app.get_subcommands({}))
        name_options(*command, path + command->get_name() + ' ');
}

/// A flag takes a truth only: what another program means by a variable of that name is not for it.
bool is_for(const CLI::Option& option, const std::string& value) {
    if (option.get_expected_max() != 0) return true;
    return value == "true" || value == "false" || value == "1" || value == "0";
}

void accept_old_names(const CLI::App& command) {
    for (const CLI::Option* option : command.get_options()) {
        if (!has_environment_name(*option) || std::getenv(option->get_envname().c_str()) != nullptr) continue;
        const std::string old = environment_name(option->get_lnames().front());
        const char* value = std::getenv(old.c_str());
        if (value == nullptr || !is_for(*option, value)) continue;
        ::setenv(option->get_envname().c_str(), value, 0);
        base::tell(
            fmt::format("millrace: {} is an old name, which will not be taken for ever; it is {} now\n", old,
                        option->get_envname()));
    }
}

const CLI::App* command_of(const CLI::App& parent, std::string_view name) {
    for (const CLI::App* command : parent.get_subcommands([](const CLI::App*) { return true; })) {
        if (command->get_name() == name) return command;
    }
    return nullptr;
}

}  // namespace

std::string environment_name(std::string words) {
    std::ranges::transform(words, words.begin(), [](unsigned char c) {
        return c == '-' || c == ' ' ? '_' : static_cast<char>(std::toupper(c));
    });
    return "MILLRACE_" + words;
}

void name_in_environment(CLI::App& program) {
    name_options(program, {});
}

void accept_old_names(const CLI::App& program, int argc, const char* const* argv) {
    const CLI::App* command = &program;
    for (int i = 1; i < argc; ++i) {
        const CLI::App* below = command_of(*command, argv[i]);
        if (below != nullptr) command = below;
    }
    if (command != &program) accept_old_names(*command);
}

}  // namespace millrace::cli
