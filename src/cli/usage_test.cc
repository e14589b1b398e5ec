#include "cli/usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/help.h"
#include "cli/test_command_line.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

TEST(Usage, AnUnknownCommandSuggestsTheNearestName) {
    EXPECT_EQ(parse_error_of({"runn"}), "unknown command runn; did you mean run?");
    EXPECT_EQ(parse_error_of({"runn", "--rate", "5"}), "unknown command runn; did you mean run?");
    EXPECT_EQ(parse_error_of({"topic", "crate", "orders"}),
              "unknown command topic crate; did you mean topic create?");
    EXPECT_EQ(parse_error_of({"gold", "lst"}), "unknown command gold lst; did you mean gold list?");
    EXPECT_EQ(parse_error_of({"frobnicate"}), "unknown command frobnicate; see: millrace --help");
}

TEST(Usage, AnUnknownOptionSuggestsTheNearestName) {
    EXPECT_EQ(parse_error_of({"show", "--lmit", "5"}),
              "unknown option --lmit of millrace show; did you mean --limit?");
    EXPECT_EQ(parse_error_of({"show", "--lmit=5"}),
              "unknown option --lmit of millrace show; did you mean --limit?");
    EXPECT_EQ(parse_error_of({"--daat", "x", "show"}),
              "unknown option --daat of millrace; did you mean --data?");
    EXPECT_EQ(parse_error_of({"sql", "--frobnicate"}),
              "unknown option --frobnicate of millrace sql; see: millrace sql --help");
}

TEST(Usage, AMisplacedOptionNamesItsPlace) {
    EXPECT_EQ(parse_error_of({"show", "--data", "d"}),
              "--data belongs before the command: millrace --data … show");
    EXPECT_EQ(parse_error_of({"--limit", "5", "show"}),
              "--limit belongs after its command: millrace show --limit …");
}

TEST(Usage, MissingAndExtraArgumentsAreNamed) {
    EXPECT_EQ(parse_error_of({"show", "--limit"}), "--limit needs a value");
    EXPECT_EQ(parse_error_of({"show", "--limit", "1", "--limit", "2"}), "--limit can be given only once");
    EXPECT_EQ(parse_error_of({"access", "add"}),
              "millrace access add needs name; see: millrace access add --help");
    EXPECT_EQ(parse_error_of({"verify", "silver"}),
              "unexpected argument silver of millrace verify; see: millrace verify --help");
    EXPECT_THAT(parse_error_of({"sql", "select 1", "--csv", "--json"}), HasSubstr("cannot be used together"));
}

TEST(Usage, AMissingSubcommandPrintsTheHelp) {
    for (const Words& words : {Words{}, Words{"topic"}, Words{"quarantine"}}) {
        Globals globals;
        const auto program = make_command_line(globals);
        EXPECT_THROW(program->parse(Words(words)), CLI::RequiredError);
        const CLI::App* incomplete = incomplete_command(*program);
        ASSERT_NE(incomplete, nullptr);
        EXPECT_THAT(short_help(*incomplete), HasSubstr(words.empty() ? "  verify " : "  list "));
    }
}

TEST(Usage, ACommandIsFoundByItsPath) {
    Globals globals;
    const auto program = make_command_line(globals);
    EXPECT_EQ(&command_at(*program, {}), program.get());
    const CLI::App& create = command_at(*program, {"topic", "create"});
    EXPECT_EQ(path_of(create), "millrace topic create");
    EXPECT_EQ(name_of(create), "topic create");
    EXPECT_EQ(name_of(*program), "millrace");
    try {
        command_at(*program, {"topic", "crate"});
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.what(), std::string("unknown command topic crate; did you mean topic create?"));
    }
}

TEST(Usage, ACommandWithAnUnknownWordIsNotIncomplete) {
    Globals globals;
    const auto program = make_command_line(globals);
    EXPECT_THROW(program->parse(std::vector<std::string>{"crate", "topic"}), CLI::ParseError);
    EXPECT_EQ(incomplete_command(*program), nullptr);
}

}  // namespace
}  // namespace millrace::cli
