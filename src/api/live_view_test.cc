#include "api/live_view.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"

namespace millrace::api {
namespace {

using gold::Table;
using gold::TableSet;
using testing::ElementsAre;

/// A view of a Gold that has ended, which replies at once.
class LiveViewTest : public testing::Test {
  protected:
    LiveViewTest() {
        std::filesystem::remove_all(data_.root());
        gold_.freeze([this](const gold::OpenWindowsChannel::Request& request) {
            requests_.push_back(request.tables);
            gold::OpenWindowsSnapshot snapshot;
            snapshot.silver_version = storage::Version(7);
            snapshot.late = 3;
            fill_(snapshot.open);
            return snapshot;
        });
    }
    ~LiveViewTest() override { std::filesystem::remove_all(data_.root()); }

    static void add_kpis(gold::Output& output, const char* grain, model::Timestamp start,
                         const char* currency) {
        output[Table::kpis]
            .add(0)
            .text(grain)
            .time(start)
            .time(start + std::chrono::hours(1))
            .text(currency)
            .count(1)
            .count(1)
            .count(1)
            .count(0)
            .count(0)
            .money(0)
            .money(0)
            .rate(0, 0)
            .rate(0, 1)
            .rate(0, 1)
            .count(0)
            .count(0)
            .count(0);
    }
    static std::size_t files_of(const std::vector<serve::SqlView>& views, std::string_view name) {
        const auto found = std::ranges::find(views, name, &serve::SqlView::name);
        EXPECT_NE(found, views.end()) << name;
        return found == views.end() ? 0 : found->files.size();
    }

    const catalog::DataDirectory data_{std::filesystem::temp_directory_path() /
                                       fmt::format("millrace_live_view_test_{}", ::getpid())};
    gold::OpenWindowsChannel gold_;
    std::function<void(gold::Output&)> fill_ = [](gold::Output&) {};
    std::vector<TableSet> requests_;
};

TEST_F(LiveViewTest, ADamagedFileOfSilencesDoesNotEndTheFeed) {
    std::filesystem::create_directories(data_.gold());
    for (const char* damaged : {"{", "{}", R"({"silences": 3})"}) {
        base::replace_file(data_.gold() / "silences.json", damaged);
        LiveView view(data_, &gold_, nullptr, {});
        EXPECT_TRUE(view.state().contains("firing")) << damaged;
        EXPECT_THROW((void)publish::read_silences(data_, base::wall_time()), Error) << damaged;
    }
}

TEST_F(LiveViewTest, TheNewestWindowOfEachGrainIsShown) {
    constexpr model::Timestamp first{};
    constexpr model::Timestamp second = first + std::chrono::hours(1);
    fill_ = [&](gold::Output& output) {
        add_kpis(output, "hour", second, "EUR");
        add_kpis(output, "hour", first, "EUR");
        add_kpis(output, "hour", second, "USD");
        add_kpis(output, "hour", model::Timestamp(base::wall_time()) + std::chrono::hours(100), "EUR");
        add_kpis(output, "day", first, "EUR");
    };
    LiveView live(data_, &gold_, nullptr, {});
    const auto state = live.state();
    const auto& kpis = state.at("kpis").as_object();
    ASSERT_EQ(kpis.size(), 2U);
    ASSERT_EQ(kpis.at("hour").as_array().size(), 2U) << "one for each currency";
    for (const auto& row : kpis.at("hour").as_array()) EXPECT_EQ(row.at("window_start"), 3'600'000);
    ASSERT_EQ(kpis.at("day").as_array().size(), 1U);
    EXPECT_EQ(kpis.at("day").at(0).at("window_start"), 0);
    EXPECT_EQ(state.at("gold").at("silver_version"), 7);
    EXPECT_EQ(state.at("gold").at("late"), 3);
    EXPECT_TRUE(state.at("gold").at("watermark").is_null());
}

TEST_F(LiveViewTest, WithoutGoldAndTablesTheStateIsEmpty) {
    LiveView live(data_, nullptr, nullptr, [] { return base::json::object{{"lag", 5}}; });
    EXPECT_FALSE(live.has_gold());
    const auto state = live.state();
    EXPECT_TRUE(state.at("gold").is_null());
    EXPECT_FALSE(state.contains("kpis"));
    EXPECT_EQ(state.at("pipeline").at("lag"), 5);
    EXPECT_TRUE(state.at("tables").as_object().empty());
    EXPECT_TRUE(state.at("firing").as_array().empty());
    EXPECT_TRUE(state.at("data").is_null());
}

TEST_F(LiveViewTest, OnlyAQueryOfLiveTablesAsksGold) {
    fill_ = [](gold::Output& output) { add_kpis(output, "hour", {}, "EUR"); };
    LiveView live(data_, &gold_, nullptr, {});
    EXPECT_EQ(files_of(live.views("from gold.kpis"), "gold.kpis"), 0U);
    EXPECT_TRUE(requests_.empty());
    const auto views = live.views("from live.kpis");
    EXPECT_EQ(files_of(views, "live.kpis"), 1U);
    EXPECT_EQ(files_of(views, "gold.kpis"), 0U) << "open windows are only in the live table";
    EXPECT_THAT(requests_, ElementsAre(TableSet{Table::kpis}));
}

TEST_F(LiveViewTest, AnotherTableOfTheSameMomentIsAskedForAlone) {
    fill_ = [](gold::Output& output) { add_kpis(output, "hour", {}, "EUR"); };
    // A moment is 50 ms. On a busy machine the queries take longer, and are asked again.
    for (int attempt = 0; attempt < 100; ++attempt) {
        requests_.clear();
        LiveView live(data_, &gold_, nullptr, {});
        const base::Stopwatch moment;
        for (const char* query : {"from live.kpis", "from live.kpis", "from live.kpis, live.funnel"})
            static_cast<void>(live.views(query));
        if (moment.seconds() >= 0.05) continue;
        EXPECT_THAT(requests_, ElementsAre(TableSet{Table::kpis}, TableSet{Table::funnel}));
        return;
    }
    GTEST_SKIP() << "three queries never took less than 50 ms";
}

TEST_F(LiveViewTest, WithoutGoldALiveTableHasNoOpenWindows) {
    LiveView live(data_, nullptr, nullptr, {});
    EXPECT_EQ(files_of(live.views("from live.kpis"), "live.kpis"), 0U);
}

}  // namespace
}  // namespace millrace::api
