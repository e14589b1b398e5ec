#include "cli/manual.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/usage.h"

namespace millrace::cli {

namespace {

/// The character that a UTF-8 sequence at `at` stands for; moves to its last byte.
unsigned code_point(std::string_view text, std::size_t& at) {
    const auto first = static_cast<unsigned char>(text[at]);
    const unsigned more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    unsigned code = first & (0x3FU >> more);
    for (unsigned i = 0; i < more && at + 1 < text.size(); ++i)
        code = code << 6U | (static_cast<unsigned char>(text[++at]) & 0x3FU);
    return code;
}

/// A text that roff takes as it is: no escapes, no requests at a line's begin, hyphens that can be copied,
/// and nothing but ASCII.
std::string plain(std::string_view text) {
    std::string made;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        const bool at_line_start = made.empty() || made.back() == '\n';
        if (at_line_start && (c == '.' || c == '\'')) made += "\\&";
        if (c == '\\') {
            made += "\\e";
        } else if (c == '-') {
            made += "\\-";
        } else if (static_cast<unsigned char>(c) >= 0x80) {
            made += fmt::format("\\[u{:04X}]", code_point(text, at));
        } else {
            made += c;
        }
    }
    return made;
}

/// `millrace-topic-create`, as manual pages are called.
std::string page_name(const CommandEntry& command) {
    std::string name = command.path.empty() ? "millrace" : "millrace-" + command.path;
    std::ranges::replace(name, ' ', '-');
    return name;
}

std::string full_name(const CommandEntry& command) {
    return command.path.empty() ? "millrace" : "millrace " + command.path;
}

std::string synopsis(const CommandEntry& command) {
    std::string text = fmt::format(".B {}\n[\\fIOPTIONS\\fR]", plain(full_name(command)));
    if (!command.commands.empty()) text += " \\fICOMMAND\\fR";
    for (const OptionEntry& option : command.options) {
        if (!option.is_positional) continue;
        const std::string name = fmt::format("\\fI{}\\fR{}", plain(option.name), option.is_list ? "..." : "");
        text += option.is_required ? ' ' + name : fmt::format(" [{}]", name);
    }
    return text + '\n';
}

std::string described(const OptionEntry& option) {
    std::string name = fmt::format("\\fB{}\\fR", plain(option.name));
    if (!option.short_name.empty()) name = fmt::format("\\fB{}\\fR, {}", plain(option.short_name), name);
    if (!option.type.empty() && !option.is_positional) name += fmt::format(" \\fI{}\\fR", plain(option.type));
    std::string text = fmt::format(".TP\n{}\n{}\n", name, plain(option.description));
    if (!option.choices.empty()) text += plain(fmt::format("One of: {}.\n", fmt::join(option.choices, ", ")));
    if (!option.otherwise.empty()) text += plain(fmt::format("The default is {}.\n", option.otherwise));
    if (!option.environment.empty()) text += plain(fmt::format("Also set by {}.\n", option.environment));
    return text;
}

std::string options(const CommandEntry& command) {
    std::vector<std::string> groups;
    for (const OptionEntry& option : command.options) {
        if (std::ranges::find(groups, option.group) == groups.end()) groups.push_back(option.group);
    }
    std::string text;
    for (const std::string& group : groups) {
        text += fmt::format(".SH \"{}\"\n", plain(group));
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
    text += ".nh\n.ad l\n";  // names of variables can't be copied when they are hyphenated
    text += fmt::format(".SH NAME\n{} \\- {}\n", plain(page_name(command)), plain(command.description));
    text += ".SH SYNOPSIS\n" + synopsis(command) + options(command);
    if (!command.commands.empty()) {
        text += ".SH COMMANDS\n";
        for (const std::string& name : command.commands)
            text += fmt::format(".TP\n\\fB{0}\\fR\nSee \\fB{1}\\-{0}\\fR(1).\n", plain(name),
                                plain(page_name(command)));
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
