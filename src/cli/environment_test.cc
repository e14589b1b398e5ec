#include "cli/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "cli/command_line.h"
#include "cli/test_command_line.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;
using testing::internal::CaptureStderr;
using testing::internal::GetCapturedStderr;

/// Sets an environment variable while the object exists.
class Variable {
  public:
    Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
    ~Variable() { ::unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    const char* name_;
};

/// The usage error of a command line, or else the warnings about variables with old names.
std::string error_or_warnings(const std::vector<std::string>& words) {
    std::string warnings;
    const std::string error = parse_error_of(words, [&](const CLI::App& program) {
        CaptureStderr();
        warn_of_old_variables(program);
        warnings = GetCapturedStderr();
    });
    return error + warnings;
}

constexpr const char* not_a_number = " must be a number from 1 to 1000000, not many";

TEST(Environment, AVariableContainsTheCommand) {
    Globals globals;
    const auto program = make_command_line(globals);
    const auto variable = [&](const CLI::App& command, const char* option) {
        return variable_of(command, *command.get_option(option));
    };
    EXPECT_EQ(variable(*program, "--data"), "MILLRACE_DATA");
    EXPECT_EQ(variable(*program->get_subcommand("vacuum"), "--retention"), "MILLRACE_VACUUM_RETENTION");
    const CLI::App* create = program->get_subcommand("topic")->get_subcommand("create");
    EXPECT_EQ(variable(*create, "--retention"), "MILLRACE_TOPIC_CREATE_RETENTION");
    EXPECT_EQ(variable(*create, "--help"), "");
    EXPECT_EQ(variable(*create, "name"), "");
}

void collect(const CLI::App& command, std::multiset<std::string>& variables) {
    for (const CLI::Option* option : command.get_options()) {
        if (const auto variable = variable_of(command, *option); !variable.empty())
            variables.insert(variable);
    }
    for (const CLI::App* each : command.get_subcommands({})) collect(*each, variables);
}

TEST(Environment, NoTwoOptionsShareAVariable) {
    Globals globals;
    std::multiset<std::string> variables;
    collect(*make_command_line(globals), variables);
    EXPECT_GT(variables.size(), 100U);
    for (const auto& variable : variables) EXPECT_EQ(variables.count(variable), 1U) << variable;
}

TEST(Environment, AVariableIsReadOnlyByItsCommand) {
    const Variable limit("MILLRACE_SHOW_LIMIT", "many");
    EXPECT_EQ(error_or_warnings({"show"}), std::string("MILLRACE_SHOW_LIMIT") + not_a_number);
    EXPECT_EQ(error_or_warnings({"verify"}), "");
    EXPECT_EQ(error_or_warnings({"topic", "read"}), "");
    EXPECT_EQ(error_or_warnings({"show", "--limit", "5"}), "") << "the command line takes precedence";
}

TEST(Environment, AnOldNameIsReadWithAWarningThatNamesTheNewOne) {
    const Variable limit("MILLRACE_LIMIT", "7");
    EXPECT_EQ(error_or_warnings({"show"}),
              "millrace: MILLRACE_LIMIT is deprecated; use MILLRACE_SHOW_LIMIT instead\n");
    EXPECT_EQ(error_or_warnings({"show", "--limit", "5"}), "");
    EXPECT_EQ(error_or_warnings({"verify"}), "");
    const Variable newer("MILLRACE_SHOW_LIMIT", "many");
    EXPECT_EQ(error_or_warnings({"show"}), std::string("MILLRACE_SHOW_LIMIT") + not_a_number);
}

TEST(Environment, AnInvalidValueNamesItsVariable) {
    const Variable limit("MILLRACE_LIMIT", "many");
    EXPECT_EQ(error_or_warnings({"show"}), std::string("MILLRACE_LIMIT") + not_a_number);
}

TEST(Environment, AnOldVariableThatIsNotABooleanIsNoFlag) {
    const Variable token("MILLRACE_TOKEN", "abc");
    const Variable json("MILLRACE_JSON", "pretty");
    EXPECT_EQ(error_or_warnings({"access", "add", "ann"}), "");
    EXPECT_EQ(error_or_warnings({"show"}), "");
    const Variable own("MILLRACE_ACCESS_ADD_TOKEN", "abc");
    EXPECT_EQ(error_or_warnings({"access", "add", "ann"}),
              "MILLRACE_ACCESS_ADD_TOKEN must be true or false, not abc");
}

TEST(Environment, AnEmptyVariableIsIgnored) {
    const Variable limit("MILLRACE_SHOW_LIMIT", "");
    EXPECT_EQ(error_or_warnings({"show"}), "");
}

TEST(Environment, TheConfigurationFileCanBeNamed) {
    const Variable config("MILLRACE_CONFIG", "/no/such/file.toml");
    EXPECT_THAT(error_or_warnings({"show"}), HasSubstr("/no/such/file.toml"));
}

}  // namespace
}  // namespace millrace::cli
