#include "gold/stage/gold_comparison.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/data_directory.h"
#include "gold/stage/gold_writer.h"

namespace millrace::gold {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t first_day = 18'000;
constexpr storage::Version published_version{5};

/// A row of the table `users`.
struct UserRow {
    std::int64_t day;
    std::string user;
    std::int64_t events;
};

void add(Output& output, const UserRow& row) {
    const model::Timestamp start = model::day_start(row.day);
    output[Table::users]
        .add(row.day)
        .text(row.user)
        .text("EUR")
        .time(start)
        .time(start + std::chrono::microseconds(1))
        .count(row.events)
        .count(0)
        .count(0)
        .count(0)
        .count(0)
        .count(0)
        .money(12'345)
        .money(0)
        .text(row.user);
}

class GoldComparisonTest : public testing::Test {
  protected:
    GoldComparisonTest() { std::filesystem::remove_all(root_); }
    ~GoldComparisonTest() override { std::filesystem::remove_all(root_); }

    void publish(const std::vector<UserRow>& rows, storage::Version version = published_version) {
        Output output;
        for (const UserRow& row : rows) add(output, row);
        GoldWriter(data_, pool_).append(output, version);
    }
    /// Compares three days with these rows, which the batch layer shows one at a time.
    std::vector<GoldDifference> compare(const std::vector<UserRow>& computed, std::size_t limit = 1000) {
        GoldComparison comparison(data_.gold(), {.days = {first_day, first_day + 2},
                                                 .sessions_to = first_day + 3,
                                                 .silver_version = published_version});
        EXPECT_TRUE(comparison.is_possible());
        passes_ = 0;
        return comparison.run(
            [&](const VisitGoldRows& visit) {
                ++passes_;
                for (const UserRow& row : computed) {
                    Output output;
                    add(output, row);
                    for (const auto& [day, rows] : output[Table::users].take())
                        visit(Table::users, day, *rows);
                }
            },
            limit);
    }
    static std::vector<std::string> lines(const std::vector<GoldDifference>& differences) {
        std::vector<std::string> lines;
        for (const auto& each : differences)
            lines.push_back(each.row + " " + each.column + " " + each.published + "|" + each.batch);
        return lines;
    }

    const std::filesystem::path root_ = std::filesystem::path(testing::TempDir()) / "gold_comparison_test";
    const catalog::DataDirectory data_{root_};
    base::WorkerPool pool_{1};
    int passes_ = 0;
};

TEST_F(GoldComparisonTest, TheSameRowsInAnotherOrderAndOtherFilesAgreeInOnePass) {
    publish({{first_day, "a", 1}, {first_day, "b", 2}});
    publish({{first_day, "c", 3}, {first_day + 1, "a", 1}}, published_version - 1);
    const std::vector<UserRow> computed = {
        {first_day + 1, "a", 1}, {first_day, "c", 3}, {first_day, "b", 2}, {first_day, "a", 1}};
    EXPECT_THAT(compare(computed), IsEmpty());
    EXPECT_EQ(passes_, 1);
}

TEST_F(GoldComparisonTest, ADayThatWasRecomputedFromALaterVersionCannotBeCompared) {
    publish({{first_day, "a", 1}});
    const auto is_possible_with = [this](std::int64_t day, storage::Version version) {
        GoldWriter writer(data_, pool_);
        GoldWriter::Replacement replacement{
            .from = day, .to = {day + 1, day + 1, day + 1}, .silver_version = version};
        Output rows;
        add(rows, {day, "a", 2});
        writer.write(replacement, rows, 1);
        EXPECT_TRUE(writer.replace(replacement));
        return GoldComparison(data_.gold(), {.days = {first_day, first_day + 2},
                                             .sessions_to = first_day + 3,
                                             .silver_version = published_version})
            .is_possible();
    };
    EXPECT_TRUE(is_possible_with(first_day, published_version));
    EXPECT_TRUE(is_possible_with(first_day + 3, published_version + 1)) << "another day";
    EXPECT_FALSE(is_possible_with(first_day, published_version + 1));
}

TEST_F(GoldComparisonTest, ACellThatDiffersIsNamed) {
    publish({{first_day, "a", 1}, {first_day, "b", 2}});
    EXPECT_THAT(lines(compare({{first_day, "a", 1}, {first_day, "b", 7}})),
                ElementsAre("user_id=\"b\" currency=\"EUR\" events 2|7"));
    EXPECT_EQ(passes_, 2);
}

TEST_F(GoldComparisonTest, ARowThatOnlyOneSideHasDiffersInEachCell) {
    publish({{first_day, "a", 1}});
    const auto missing = compare({});
    EXPECT_THAT(missing, SizeIs(11));
    EXPECT_TRUE(std::ranges::all_of(
        missing, [](const auto& each) { return !each.published.empty() && each.batch.empty(); }));
    const auto more = compare({{first_day, "a", 1}, {first_day, "b", 1}});
    EXPECT_THAT(more, SizeIs(11));
    EXPECT_TRUE(std::ranges::all_of(
        more, [](const auto& each) { return each.published.empty() && !each.batch.empty(); }));
}

TEST_F(GoldComparisonTest, ARowThatStandsTwiceIsFound) {
    publish({{first_day, "a", 1}});
    publish({{first_day, "a", 1}}, published_version - 1);
    EXPECT_THAT(compare({{first_day, "a", 1}}), testing::Not(IsEmpty()));
}

TEST_F(GoldComparisonTest, UpToTheLimitEachDifferenceHasBothSides) {
    std::vector<UserRow> published;
    std::vector<UserRow> computed;
    for (int i = 0; i < 300; ++i) {
        published.push_back({first_day, "u" + std::to_string(i), 1});
        computed.push_back({first_day, "u" + std::to_string(299 - i), 2});
    }
    publish(published);
    for (const std::size_t limit : {1U, 7U, 299U, 300U, 301U}) {
        const auto differences = compare(computed, limit);
        EXPECT_THAT(differences, SizeIs(std::min<std::size_t>(limit, 300)));
        EXPECT_TRUE(std::ranges::all_of(differences, [](const auto& each) {
            return each.column == "events" && each.published == "1" && each.batch == "2";
        }));
        EXPECT_TRUE(std::ranges::is_sorted(differences, {}, &GoldDifference::row));
    }
}

TEST_F(GoldComparisonTest, WhatWasPublishedLaterOrOnOtherDaysIsLeftOut) {
    publish({{first_day, "a", 1}, {first_day + 3, "b", 1}});
    publish({{first_day, "later", 1}}, published_version + 1);
    EXPECT_THAT(compare({{first_day, "a", 1}, {first_day - 1, "c", 1}}), IsEmpty());
}

}  // namespace
}  // namespace millrace::gold
