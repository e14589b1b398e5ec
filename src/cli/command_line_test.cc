#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cli/test_command_line.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(CommandLine, AnInvalidValueNamesTheOptionAndTheExpectedForm) {
    EXPECT_EQ(parse_error_of({"serve", "--port", "99999"}),
              "--port must be a number from 0 to 65535, not 99999");
    EXPECT_EQ(parse_error_of({"serve", "--port", "http"}),
              "--port must be a number from 0 to 65535, not http");
    EXPECT_EQ(parse_error_of({"show", "--limit", "-5"}),
              "--limit must be a number from 1 to 1000000, not -5");
    EXPECT_EQ(parse_error_of({"silver", "--trigger", "soon"}),
              "--trigger must be a duration such as 20s, 24h or 1h30m, not soon");
    EXPECT_EQ(parse_error_of({"archive", "--batch-bytes", "much"}),
              "--batch-bytes must be a size such as 64MiB or 1GiB, not much");
    EXPECT_EQ(parse_error_of({"produce", "--invalid", "101%"}),
              "--invalid must be a share such as 0.5% or 0.005, at most 1, not 101%");
    EXPECT_EQ(parse_error_of({"produce", "--rate", "fast"}),
              "--rate must be a number of events per second above 0, or max, not fast");
    EXPECT_EQ(parse_error_of({"produce", "--start-time", "2019-10-01"}),
              "--start-time must be a time such as 2019-10-01T00:00:00Z, not 2019-10-01");
    EXPECT_EQ(parse_error_of({"serve", "--trusted-proxy", "proxy"}),
              "--trusted-proxy must be an IP address, not proxy");
    EXPECT_EQ(parse_error_of({"gold", "--from", "1.10.2019"}),
              "--from must be a day such as 2019-10-01, not 1.10.2019");
    EXPECT_EQ(parse_error_of({"verify", "--json=maybe"}), "--json must be true or false, not maybe");
}

TEST(CommandLine, AnInvalidChoiceListsTheChoices) {
    EXPECT_EQ(parse_error_of({"access", "add", "ann", "--role", "raed"}),
              "--role must be read or admin, not raed; did you mean read?");
    EXPECT_EQ(parse_error_of({"topic", "create", "--compression", "gzip"}),
              "--compression must be none, lz4 or zstd, not gzip");
    EXPECT_THAT(parse_error_of({"show", "sliver"}),
                StartsWith("layer must be one of bronze, silver, quarantine, archive, gold."));
    EXPECT_THAT(parse_error_of({"show", "sliver"}), HasSubstr("not sliver; did you mean silver?"));
    EXPECT_THAT(parse_error_of({"quarantine", "list", "--rule", "bad_prize"}),
                HasSubstr("did you mean bad_price?"));
    EXPECT_EQ(parse_error_of({"import", "--format", "rees64", "f.csv"}),
              "--format must be one of events, segment, ga4, rees46, retailrocket, not rees64; did you mean "
              "rees46?");
    EXPECT_EQ(parse_error_of({"--log", "xml", "verify"}), "--log must be text or json, not xml");
}

TEST(CommandLine, AListTakesValuesOnlyAfterItsOption) {
    EXPECT_EQ(parse_error_of({"show", "--columns", "event_id,price", "silver"}), "");
    EXPECT_EQ(parse_error_of({"quarantine", "replay", "--set", "price=1", "--set", "currency=EUR"}), "");
}

class ConfigurationTest : public testing::Test {
  protected:
    ~ConfigurationTest() override { std::filesystem::remove(path_); }

    /// The usage error of `show` with a configuration file of this text.
    std::string error_with(const std::string& text) {
        std::ofstream(path_) << text;
        return parse_error_of({"--config", path_, "show"});
    }

    const std::string path_ = testing::TempDir() + "/millrace-configuration.toml";
};

TEST_F(ConfigurationTest, AnUnknownOptionNamesItsLineAndTheNearestName) {
    EXPECT_EQ(error_with("[show]\nlimit = 5\n"), "");
    EXPECT_EQ(error_with("[show]\nlmit = 5\n"),
              "reading the configuration: line 2: millrace show has no option lmit; did you mean limit?");
    EXPECT_EQ(error_with("daat = \"d\"\n"),
              "reading the configuration: line 1: millrace has no option daat; did you mean data?");
    EXPECT_EQ(error_with("[shwo]\nlimit = 5\n"),
              "reading the configuration: line 1: there is no command shwo; did you mean show?");
    EXPECT_THAT(error_with("[silver\n"), HasSubstr("reading the configuration: line 1"));
}

TEST_F(ConfigurationTest, AnInvalidValueNamesItsKey) {
    EXPECT_EQ(error_with("[show]\nlimit = 0\n"),
              "limit in the configuration must be a number from 1 to 1000000, not 0");
}

TEST_F(ConfigurationTest, OnlyOptionsOfTheRunningCommandAreRead) {
    EXPECT_EQ(error_with("[silver]\ntrigger = \"soon\"\n"), "");
    EXPECT_EQ(error_with("[alerts.lag]\nthreshold = 5\n"), "");
}

TEST_F(ConfigurationTest, AMissingFileIsAnError) {
    EXPECT_THAT(parse_error_of({"--config", "/no/such/file.toml", "show"}), HasSubstr("/no/such/file.toml"));
}

}  // namespace
}  // namespace millrace::cli
