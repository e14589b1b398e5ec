#include "cli/suggestion.h"

#include <gtest/gtest.h>

namespace millrace::cli {
namespace {

const std::vector<std::string> commands = {"run",    "serve", "silver", "gold",       "show",
                                           "vacuum", "topic", "count",  "quarantine", "gold.kpis"};

TEST(Suggestion, ATypoFindsItsName) {
    EXPECT_EQ(nearest_name("runn", commands), "run");
    EXPECT_EQ(nearest_name("sliver", commands), "silver");
    EXPECT_EQ(nearest_name("Topics", commands), "topic");
    EXPECT_EQ(nearest_name("quarentine", commands), "quarantine");
    EXPECT_EQ(nearest_name("cuont", commands), "count");
    EXPECT_EQ(nearest_name("--lmit", {"--limit", "--last", "--json"}), "--limit");
}

TEST(Suggestion, APrefixFindsTheOnlyNameThatHasIt) {
    EXPECT_EQ(nearest_name("quar", commands), "quarantine");
    EXPECT_EQ(nearest_name("gold.k", commands), "gold.kpis");
    EXPECT_EQ(nearest_name("s", commands), std::nullopt);
}

TEST(Suggestion, NothingIsSuggestedWhenNoNameIsNear) {
    EXPECT_EQ(nearest_name("frobnicate", commands), std::nullopt);
    EXPECT_EQ(nearest_name("x", commands), std::nullopt);
    EXPECT_EQ(nearest_name("", commands), std::nullopt);
    EXPECT_EQ(nearest_name("run", {}), std::nullopt);
    EXPECT_EQ(nearest_name("run", commands), std::nullopt);
    EXPECT_EQ(nearest_name(std::string(100'000, 'r'), commands), std::nullopt);
}

TEST(Suggestion, IsTheEndOfASentence) {
    EXPECT_EQ(did_you_mean("runn", commands), "; did you mean run?");
    EXPECT_EQ(did_you_mean("frobnicate", commands), "");
}

TEST(Suggestion, AnUnknownNameIsAUsageErrorThatListsTheNames) {
    const std::vector<std::string> names = {"event_id", "price"};
    EXPECT_EQ(has_no("silver", "column", "nope", names).what(),
              std::string("silver has no column nope; it has: event_id, price"));
    const Error error = has_no("silver", "column", "prise", names);
    EXPECT_EQ(error.what(),
              std::string("silver has no column prise; did you mean price? It has: event_id, price"));
    EXPECT_EQ(error.kind(), Error::Kind::usage);
}

}  // namespace
}  // namespace millrace::cli
