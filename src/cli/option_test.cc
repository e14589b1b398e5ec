#include "cli/option.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace millrace::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Parses words after an option was added. Returns CLI11's message, or an empty string.
std::string refusal_of(CLI::App& command, std::vector<std::string> words) {
    std::ranges::reverse(words);  // the order that CLI11 expects
    try {
        command.parse(std::move(words));
        return "";
    } catch (const CLI::ParseError& error) {
        return error.what();
    }
}

TEST(Option, ANumberIsWholeAndWithinItsLimits) {
    const auto check = must_be_number(1, 9);
    EXPECT_EQ(check(std::string("1")), "");
    EXPECT_EQ(check(std::string("9")), "");
    for (const std::string text : {"0", "10", "-1", "+5", "5x", " 5", "5.0", "", "99999999999999999999"})
        EXPECT_EQ(check(text), "must be a number from 1 to 9, not " + text);
    EXPECT_EQ(must_be_number(3, std::numeric_limits<std::int64_t>::max())(std::string("2")),
              "must be a whole number of 3 or more, not 2");
}

TEST(Option, ChoicesAreListedAsPeopleWriteThem) {
    const auto error = [](const std::vector<std::string>& names) {
        return must_be_one_of(names)(std::string("frobnicate"));
    };
    EXPECT_EQ(error({"none"}), "must be none, not frobnicate");
    EXPECT_EQ(error({"none", "lz4"}), "must be none or lz4, not frobnicate");
    EXPECT_EQ(error({"none", "lz4", "zstd"}), "must be none, lz4 or zstd, not frobnicate");
    EXPECT_EQ(error({"a", "b", "c", "d"}), "must be one of a, b, c, d, not frobnicate");
    EXPECT_EQ(must_be_one_of({"none", "lz4"})(std::string("nonne")),
              "must be none or lz4, not nonne; did you mean none?");
    EXPECT_EQ(must_be_one_of({"none", "lz4"})(std::string("lz4")), "");
}

TEST(Option, OnlyAnOptionWithChoicesHasThem) {
    CLI::App command;
    std::string codec = "none";
    int limit = 5;
    base::Duration gap = std::chrono::hours(4);
    EXPECT_THAT(choices_of(*add_choice(command, "--codec", codec, {"none", "lz4", "zstd"}, "")),
                ElementsAre("none", "lz4", "zstd"));
    EXPECT_THAT(choices_of(*add_number(command, "--limit", limit, 1, 9, "")), ElementsAre());
    EXPECT_THAT(choices_of(*add_duration(command, "--gap", gap, "")), ElementsAre());
}

TEST(Option, TheDefaultIsShownAsItIsTyped) {
    CLI::App command;
    base::Duration gap = std::chrono::minutes(90);
    std::int64_t size = 256 << 20;
    double share = 0.05;
    std::optional<base::Duration> retention;
    EXPECT_EQ(add_duration(command, "--gap", gap, "")->get_default_str(), "1h30m");
    EXPECT_EQ(add_size(command, "--size", size, "")->get_default_str(), "256MiB");
    EXPECT_EQ(add_share(command, "--share", share, "")->get_default_str(), "5%");
    EXPECT_EQ(add_duration(command, "--retention", retention, "")->get_default_str(), "");
}

TEST(Option, ValuesWithUnitsAreConverted) {
    CLI::App command;
    base::Duration gap{};
    std::int64_t size = 0;
    double share = 0;
    std::optional<base::Duration> retention;
    std::optional<model::Timestamp> from;
    std::optional<bronze::Offset> offset;
    add_duration(command, "--gap", gap, "");
    add_size(command, "--size", size, "");
    add_share(command, "--share", share, "");
    add_duration(command, "--retention", retention, "");
    add_time(command, "--from", from, "");
    add_offset(command, "--offset", offset, "");
    EXPECT_EQ(refusal_of(command, {"--gap", "1h30m", "--size", "64k", "--share", "0.5%", "--from",
                                   "1970-01-01T00:00:01Z", "--offset", "0"}),
              "");
    EXPECT_EQ(gap, std::chrono::minutes(90));
    EXPECT_EQ(size, 65'536);
    EXPECT_EQ(share, 0.005);
    EXPECT_EQ(from, model::from_us(1'000'000));
    EXPECT_EQ(offset, bronze::Offset(0));
    EXPECT_EQ(retention, std::nullopt) << "it was not given";
}

TEST(Option, AnInvalidValueIsRefusedAndLeavesTheDefault) {
    CLI::App command;
    base::Duration gap = std::chrono::hours(4);
    std::optional<bronze::Offset> offset;
    std::optional<model::Timestamp> from;
    add_duration(command, "--gap", gap, "");
    add_offset(command, "--offset", offset, "");
    add_time(command, "--from", from, "");
    EXPECT_THAT(refusal_of(command, {"--gap", "20"}), HasSubstr("must be a duration such as"));
    EXPECT_EQ(gap, std::chrono::hours(4));
    EXPECT_THAT(refusal_of(command, {"--offset=-1"}), HasSubstr("must be a whole number of 0 or more"));
    EXPECT_THAT(refusal_of(command, {"--from", "1970-01-01T00:00:01"}), HasSubstr("must be a time such as"));
    EXPECT_EQ(from, std::nullopt);
}

TEST(Option, AListTakesOneValueEachTime) {
    CLI::App command;
    std::vector<std::string> set;
    std::string layer;
    add_values(command, "--set", set, "KEY=VALUE", "");
    command.add_option("layer", layer);
    EXPECT_EQ(refusal_of(command, {"--set", "a=1", "silver", "--set", "b=2"}), "");
    EXPECT_THAT(set, ElementsAre("a=1", "b=2"));
    EXPECT_EQ(layer, "silver");
}

}  // namespace
}  // namespace millrace::cli
