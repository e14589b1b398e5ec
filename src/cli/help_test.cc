#include "cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <functional>
#include <sstream>

#include "cli/command_line.h"
#include "cli/output/terminal.h"
#include "cli/test_command_line.h"
#include "cli/usage.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// Visits the program and all its commands.
void for_each_command(const CLI::App& command, const std::function<void(const CLI::App&)>& visit) {
    visit(command);
    for (const CLI::App* each : command.get_subcommands({})) for_each_command(*each, visit);
}

class HelpTest : public testing::Test {
  protected:
    const CLI::App& command(const std::string& name) { return *program_->get_subcommand(name); }

    Globals globals_;
    const std::unique_ptr<CLI::App> program_ = make_command_line(globals_);
};

TEST_F(HelpTest, NoLineIsWiderThanAHundredColumns) {
    for_each_command(*program_, [](const CLI::App& command) {
        for (const std::string& text : {help_text(command), short_help(command)}) {
            std::istringstream lines(text);
            for (std::string line; std::getline(lines, line);) {
                EXPECT_LE(display_width(line), 100U) << path_of(command) << ": " << line;
                EXPECT_FALSE(line.ends_with(' ')) << path_of(command) << ": " << line;
            }
        }
    });
}

bool is_sentence(const std::string& text) {
    const auto first = static_cast<unsigned char>(text.empty() ? ' ' : text.front());
    return std::isupper(first) != 0 && (text.ends_with('.') || text.ends_with(')'));
}

TEST_F(HelpTest, EveryTextIsASentence) {
    for_each_command(*program_, [](const CLI::App& command) {
        EXPECT_TRUE(is_sentence(command.get_description())) << path_of(command);
        for (const CLI::Option* option : command.get_options())
            EXPECT_TRUE(is_sentence(option->get_description()))
                << path_of(command) << ' ' << option->get_name();
    });
}

TEST_F(HelpTest, AnOptionIsShownWithItsValueDefaultAndVariable) {
    const std::string help = help_text(command("show"));
    EXPECT_THAT(
        help,
        StartsWith(
            "Show the newest rows of a layer, newest first.\n\nUsage: millrace show [OPTIONS] [layer]\n"));
    EXPECT_THAT(help, HasSubstr("\n  --limit NUMBER            Maximum number of rows to show. [default: 20] "
                                "[env: MILLRACE_SHOW_LIMIT]\n"));
    EXPECT_THAT(help, HasSubstr("\n  -h, --help                Print this help and exit.\n"));
    EXPECT_THAT(help_text(*command("access").get_subcommand("add")), HasSubstr("--role read|admin"));
}

TEST_F(HelpTest, DefaultsAreShownInTheFormThatIsTyped) {
    const std::string help = help_text(command("run"));
    for (const char* text :
         {"[default: 1d]", "[default: 1m]", "[default: 10s]", "[default: 1GiB]", "[default: 0.5%]"})
        EXPECT_THAT(help, HasSubstr(text));
    EXPECT_THAT(help_text(command("show")), HasSubstr("[default: 0s]"));
    EXPECT_THAT(help_text(*command("topic").get_subcommand("create")), HasSubstr("[default: 256MiB]"));
}

/// A command line that sets `option` to its default.
std::vector<std::string> words_with_default(const CLI::App& command, const CLI::Option& option) {
    std::vector<std::string> given = {option.get_default_str()};
    if (option.nonpositional()) given.insert(given.begin(), option.get_name());
    for (const CLI::Option* each : command.get_options()) {
        if (each->get_required()) given.emplace_back("x");
    }
    std::vector<std::string> names = {"verify"};
    if (command.get_parent() == nullptr) {
        given.insert(given.end(), names.begin(), names.end());
        return given;
    }
    names = CLI::detail::split(name_of(command), ' ');
    names.insert(names.end(), given.begin(), given.end());
    return names;
}

TEST_F(HelpTest, EveryDefaultIsAcceptedWhenItIsTyped) {
    int defaults = 0;
    for_each_command(*program_, [&](const CLI::App& command) {
        for (const CLI::Option* option : command.get_options()) {
            if (option->get_default_str().empty()) continue;
            EXPECT_EQ(parse_error_of(words_with_default(command, *option)), "")
                << path_of(command) << ' ' << option->get_name();
            ++defaults;
        }
    });
    EXPECT_GT(defaults, 50);
}

}  // namespace
}  // namespace millrace::cli
