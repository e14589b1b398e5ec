#include "cli/completions/completions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/command_line.h"

namespace millrace::cli {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class CompletionsTest : public testing::Test {
  protected:
    const CommandEntry& at(const std::string& path) const {
        return *std::ranges::find(commands_, path, &CommandEntry::path);
    }

    Globals globals_;
    const std::vector<CommandEntry> commands_ = command_tree(*make_command_line(globals_));
};

TEST_F(CompletionsTest, ArgumentsAreNamesOrCommands) {
    EXPECT_THAT(argument_words(commands_, at("show")), AllOf(Contains("silver"), Contains("gold.kpis")));
    EXPECT_THAT(argument_words(commands_, at("help")), Contains("vacuum"));
    EXPECT_TRUE(argument_words(commands_, at("import")).empty());
}

TEST_F(CompletionsTest, EveryScriptKnowsEveryCommandAndOption) {
    for (const std::string& script :
         {bash_completions(commands_), zsh_completions(commands_), fish_completions(commands_)}) {
        for (const CommandEntry& command : commands_) {
            for (const std::string& name : command.commands) EXPECT_THAT(script, HasSubstr(name));
            for (const OptionEntry& option : command.options) {
                if (option.is_positional) continue;
                EXPECT_THAT(script, HasSubstr(option.name.substr(2))) << command.path;
            }
        }
    }
}

TEST_F(CompletionsTest, BashLearnsWhichOptionsTakeAValue) {
    const std::string script = bash_completions(commands_);
    EXPECT_THAT(script, HasSubstr("\" --data\") value=1 ;;"));
    EXPECT_THAT(script, HasSubstr("\"sql -f\"|\"sql --file\") value=1 ;;"));
    EXPECT_THAT(script, Not(HasSubstr("\"show --json\")")));
    EXPECT_THAT(script, HasSubstr("\"access add --role\") words=\"read admin\" ;;"));
}

}  // namespace
}  // namespace millrace::cli
