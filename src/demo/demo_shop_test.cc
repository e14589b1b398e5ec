#include "demo/demo_shop.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "base/error.h"
#include "bronze/record_batch.h"
#include "bronze/segment_log.h"
#include "produce/traffic_curve.h"

namespace millrace::demo {
namespace {

namespace fs = std::filesystem;

class DemoShopTest : public testing::Test {
  protected:
    DemoShopTest() { fs::remove_all(root_); }
    ~DemoShopTest() override { fs::remove_all(root_); }

    std::unique_ptr<bronze::SegmentLog> log() const {
        bronze::TopicSettings settings;
        settings.name = bronze::default_topic;
        settings.partitions = 2;
        return bronze::SegmentLog::open_or_create(data_.bronze(), settings);
    }
    static void append(bronze::EventLog& log, int partition, const std::vector<std::string>& values) {
        bronze::RecordBatchBuilder batch;
        for (const std::string& value : values) batch.add("u", value, base::wall_time());
        log.append(partition, batch);
    }
    static std::string event_at(model::Timestamp time) {
        return fmt::format(R"({{"event_id":"e","timestamp":"{}"}})", model::format_timestamp(time));
    }

    const fs::path root_ = fs::temp_directory_path() / fmt::format("millrace_demo_shop_test_{}", ::getpid());
    const catalog::DataDirectory data_{root_};
};

TEST_F(DemoShopTest, AFolderThatTheDemoDidNotMakeIsRefusedAndLeftAsItIs) {
    fs::create_directories(root_);
    std::ofstream(root_ / "millrace.json") << "{}";
    try {
        const DemoShop shop(data_, {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), Error::Kind::usage);
        EXPECT_THAT(error.what(), testing::HasSubstr("--data"));
    }
    EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator()), 1);
}

TEST_F(DemoShopTest, AFileInItsPlaceIsRefused) {
    std::ofstream(root_) << "not a folder";
    EXPECT_THROW(DemoShop(data_, {}), Error);
}

TEST_F(DemoShopTest, ItsOwnFolderIsTakenAgainButNotByTwoAtOnce) {
    {
        const DemoShop shop(data_, {.days = 7, .events = 70'000});
        EXPECT_THROW(DemoShop(data_, {}), Error);
    }
    const DemoShop again(data_, {});
    EXPECT_EQ(again.live().rate, 20);
    EXPECT_FALSE(again.live().has_days) << "there is something to see at night, too";
}

TEST_F(DemoShopTest, ANewShopLacksAllItsHistory) {
    const DemoShop shop(data_, {.days = 7, .events = 70'000, .seed = 5});
    const auto history = shop.missing_history(*log(), base::now());
    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(*history[0].count + *history[1].count, 70'000);
    EXPECT_EQ(*history[0].span, base::Duration(std::chrono::days(7) - std::chrono::hours(1)));
    EXPECT_EQ(history[0].ended, base::Duration(std::chrono::hours(1)));
    EXPECT_EQ(*history[1].span, base::Duration(std::chrono::hours(1)));
    EXPECT_EQ(history[1].ended, base::Duration(0));
    for (const auto& part : history) {
        EXPECT_EQ(part.rate, 0);
        EXPECT_EQ(part.seed, 5U);
        part.validate();
    }
}

TEST_F(DemoShopTest, AShopThatWasThereLacksWhatCameAfterItsNewestEvent) {
    const DemoShop shop(data_, {.days = 7, .events = 70'000});
    const auto now = base::now();
    const auto topic = log();
    append(*topic, 0, {event_at(now - std::chrono::hours(5)), event_at(now - std::chrono::hours(9))});
    append(*topic, 1,
           {event_at(now - std::chrono::hours(8)), event_at(now + std::chrono::hours(1)),
            "{\"timestamp\":", "[]"});
    const auto history = shop.missing_history(*topic, now);
    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(*history[0].span, base::Duration(std::chrono::hours(4)))
        << "flawed and future records say nothing";
    const double before = produce::traffic_in(now - std::chrono::hours(5), now - std::chrono::hours(1)) / 1e6;
    EXPECT_NEAR(static_cast<double>(*history[0].count), 70'000.0 / (7 * 86'400) * before, 0.05 * before);
    EXPECT_NEAR(static_cast<double>(*history[1].count), 17'500, 1)
        << "the last hour knows no time of day: 20 a second, but a quarter of the history at most";
}

TEST_F(DemoShopTest, ASmallShopsLastHourStaysSmallWhateverTheDaysOfALaterStart) {
    {
        const DemoShop shop(data_, {.days = 7, .events = 70'000});
    }
    const DemoShop again(data_, {});
    const auto now = base::now();
    const auto topic = log();
    append(*topic, 0, {event_at(now - std::chrono::hours(5))});
    const auto history = again.missing_history(*topic, now);
    ASSERT_EQ(history.size(), 2U);
    EXPECT_NEAR(static_cast<double>(*history[1].count), 17'500, 1);
}

TEST_F(DemoShopTest, OnlyTheRemainderOfAStartedHourIsMissing) {
    const DemoShop shop(data_, {.days = 7, .events = 70'000});
    const auto now = base::now();
    const auto topic = log();
    append(*topic, 0, {event_at(now - std::chrono::minutes(15))});
    const auto history = shop.missing_history(*topic, now);
    ASSERT_EQ(history.size(), 1U);
    EXPECT_NEAR(static_cast<double>(*history[0].count), 17'500.0 / 4, 1);
}

TEST_F(DemoShopTest, AShopThatIsUpToDateLacksNothing) {
    const DemoShop shop(data_, {.days = 7, .events = 70'000});
    const auto topic = log();
    const auto now = base::now();
    append(*topic, 0, {event_at(now)});
    EXPECT_TRUE(shop.missing_history(*topic, now).empty());
}

TEST_F(DemoShopTest, ALongAbsenceIsNotFilledWhole) {
    const DemoShop shop(data_, {.days = 3, .events = 30'000});
    const auto topic = log();
    const auto now = base::now();
    append(*topic, 0, {event_at(now - std::chrono::days(40))});
    const auto history = shop.missing_history(*topic, now);
    ASSERT_EQ(history.size(), 2U);
    EXPECT_EQ(*history[0].span, base::Duration(std::chrono::days(3) - std::chrono::hours(1)));
}

TEST_F(DemoShopTest, ARateOfItsOwnHoldsFromThenOn) {
    {
        const DemoShop shop(data_, {.days = 7, .events = 70'000});
    }
    const DemoShop faster(data_, {.rate = 50});
    EXPECT_EQ(faster.live().rate, 50);
}

TEST_F(DemoShopTest, SenselessOptionsAreRefused) {
    EXPECT_THROW(DemoShop(data_, {.days = 0}), Error);
    EXPECT_THROW(DemoShop(data_, {.events = 0}), Error);
    EXPECT_THROW(DemoShop(data_, {.rate = -1}), Error);
    EXPECT_FALSE(fs::exists(root_));
}

}  // namespace
}  // namespace millrace::demo
