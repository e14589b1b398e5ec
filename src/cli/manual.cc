#include "cli/manual.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/usage.h"

namespace millrace::cli {

namespace {

/// Decodes the UTF-8 sequence at `at`, and moves `at` to its last byte.
unsigned code_point(std::string_view text, std::size_t& at) {
    const auto first = static_cast<unsigned char>(text[at]);
    const unsigned more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    unsigned code = first & (0x3FU >> more);
    for (unsigned i = 0; i < more && at + 1 < text.size(); ++i)
        code = code << 6U | (static_cast<unsigned char>(text[++at]) & 0x3FU);
    return code;
}

/// Escapes a text for roff: backslashes, requests at the beginning of a line, hyphens (so that they can be
/// copied), and characters outside ASCII.
std::string roff_text(std::string_view text) {
    std::string escaped_text;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        const bool at_line_start = escaped_text.empty() || escaped_text.back() == '\n';
        if (at_line_start && (c == '.' || c == '\'')) escaped_text += "\\&";
        if (c == '\\') {
            escaped_text += "\\e";
        } else if (c == '-') {
            escaped_text += "\\-";
        } else if (static_cast<unsigned char>(c) >= 0x80) {
            escaped_text += fmt::format("\\[u{:04X}]", code_point(text, at));
        } else {
            escaped_text += c;
        }
    }
    return escaped_text;
}

/// The name of a manual page, such as `millrace-topic-create`.
std::string page_name(const CommandEntry& command) {
    std::string name = command.path.empty() ? "millrace" : "millrace-" + command.path;
    std::ranges::replace(name, ' ', '-');
    return name;
}

std::string full_name(const CommandEntry& command) {
    return command.path.empty() ? "millrace" : "millrace " + command.path;
}

std::string synopsis(const CommandEntry& command) {
    std::string text = fmt::format(".B {}\n[\\fIOPTIONS\\fR]", roff_text(full_name(command)));
    if (!command.commands.empty()) text += " \\fICOMMAND\\fR";
    for (const OptionEntry& option : command.options) {
        if (!option.is_positional) continue;
        const std::string name =
            fmt::format("\\fI{}\\fR{}", roff_text(option.name), option.is_list ? "..." : "");
        text += option.is_required ? ' ' + name : fmt::format(" [{}]", name);
    }
    return text + '\n';
}

std::string described(const OptionEntry& option) {
    std::string name = fmt::format("\\fB{}\\fR", roff_text(option.name));
    if (!option.short_name.empty()) name = fmt::format("\\fB{}\\fR, {}", roff_text(option.short_name), name);
    if (!option.type.empty() && !option.is_positional)
        name += fmt::format(" \\fI{}\\fR", roff_text(option.type));
    std::string text = fmt::format(".TP\n{}\n{}\n", name, roff_text(option.description));
    if (!option.choices.empty())
        text += roff_text(fmt::format("One of: {}.\n", fmt::join(option.choices, ", ")));
    if (!option.default_value.empty())
        text += roff_text(fmt::format("The default is {}.\n", option.default_value));
    if (!option.environment.empty()) text += roff_text(fmt::format("Also set by {}.\n", option.environment));
    return text;
}

std::string options(const CommandEntry& command) {
    std::vector<std::string> groups;
    for (const OptionEntry& option : command.options) {
        if (std::ranges::find(groups, option.group) == groups.end()) groups.push_back(option.group);
    }
    std::string text;
    for (const std::string& group : groups) {
        text += fmt::format(".SH \"{}\"\n", roff_text(group));
        for (const OptionEntry& option : command.options) {
            if (option.group == group) text += described(option);
        }
    }
    return text;
}

}  // namespace

std::string manual_page(const CommandEntry& command) {
    std::string text =
        fmt::format(".TH \"{}\" 1 \"\" \"millrace {}\" \"Millrace\"\n", page_name(command), MILLRACE_VERSION);
    text += ".nh\n.ad l\n";  // no hyphenation, so that names of variables can be copied
    text +=
        fmt::format(".SH NAME\n{} \\- {}\n", roff_text(page_name(command)), roff_text(command.description));
    text += ".SH SYNOPSIS\n" + synopsis(command) + options(command);
    if (!command.commands.empty()) {
        text += ".SH COMMANDS\n";
        for (const std::string& name : command.commands)
            text += fmt::format(".TP\n\\fB{0}\\fR\nSee \\fB{1}\\-{0}\\fR(1).\n", roff_text(name),
                                roff_text(page_name(command)));
    }
    return text;
}

void add_man_command(CLI::App& app, Globals& globals) {
    auto words = std::make_shared<std::vector<std::string>>();
    CLI::App* command =
        app.add_subcommand("man", "Print the manual page of a command, as input for man -l -.");
    command
        ->add_option("command", *words, "Command, such as run or topic create. (default: the program itself)")
        ->type_name("COMMAND");
    command->callback([&app, &globals, words] {
        globals.action = [&app, words] {
            fmt::print("{}", manual_page(command_entry(command_at(app, *words))));
            return 0;
        };
    });
}

}  // namespace millrace::cli
