#include "produce/simulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>

#include "base/clock.h"
#include "bronze/segment_log.h"

namespace millrace::produce {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr model::Timestamp october = model::from_us(1'569'888'000'000'000);  // 2019-10-01T00:00:00Z

class SimulatorTest : public testing::Test {
  protected:
    struct Sent {
        std::string key;
        std::string value;
        base::WallTime log_time;

        friend bool operator==(const Sent&, const Sent&) = default;
        [[nodiscard]] json::object event() const { return json::parse(value).as_object(); }
    };

    SimulatorTest() { fs::remove_all(directory_); }
    ~SimulatorTest() override { fs::remove_all(directory_); }

    std::vector<Sent> simulate(const SimulatorOptions& options, SimulatorReport* report = nullptr) {
        bronze::TopicSettings settings;
        settings.name = "t" + std::to_string(logs_++);
        settings.partitions = 1;
        const auto log = bronze::SegmentLog::open_or_create(directory_, settings);
        const base::StopSignal stop;
        const auto result =
            Simulator(*log, options, log->records_numbered()).run(stop, [](const SimulatorReport&) {});
        if (report != nullptr) *report = result;
        std::vector<Sent> records;
        const auto reader = log->read(0, bronze::Offset(0));
        for (auto polled = reader->poll(1 << 20); !polled.empty(); polled = reader->poll(1 << 20)) {
            for (const auto& record : polled)
                records.push_back({std::string(record.key), std::string(record.value), record.timestamp});
        }
        return records;
    }

    fs::path directory_ =
        fs::temp_directory_path() / ("millrace_simulator_test_" + std::to_string(::getpid()));
    int logs_ = 0;
};

std::string text(const json::object& event, std::string_view name) {
    const json::value* value = event.if_contains(name);
    return value == nullptr ? "" : std::string(value->as_string());
}

model::Timestamp time_of(const json::object& event) {
    return model::parse_timestamp(text(event, "timestamp")).value();
}

TEST_F(SimulatorTest, ASeedAndAStartTimeRepeatByteForByte) {
    const SimulatorOptions options{
        .rate = 0, .count = 20'000, .seed = 7, .duplicates = 0.01, .invalid = 0.02, .start_time = october};
    const auto first = simulate(options);
    EXPECT_EQ(first.size(), 20'000U);
    EXPECT_EQ(simulate(options), first);
    SimulatorOptions other = options;
    other.seed = 8;
    EXPECT_NE(simulate(other), first);
}

TEST_F(SimulatorTest, TheShopIsAsDescribed) {
    SimulatorReport report;
    const auto records = simulate({.rate = 0, .count = 50'000, .seed = 3, .start_time = october}, &report);
    std::map<std::string, std::set<double>> prices;
    std::map<std::string, std::set<std::string>> names;
    std::set<std::string> ids;
    std::map<std::string, int> hot;
    std::map<std::string, std::int64_t> types;
    for (const auto& record : records) {
        const auto event = record.event();
        ids.insert(text(event, "event_id"));
        EXPECT_EQ(record.key, text(event, "user_id"));
        ++types[text(event, "event_type")];
        if (text(event, "event_type") == "page_view") {
            EXPECT_FALSE(event.contains("product_id"));
            continue;
        }
        const std::string product = text(event, "product_id");
        prices[product].insert(event.at("price").to_number<double>());
        names[product].insert(text(event, "product_name") + "|" + text(event, "product_category"));
        if (product == "prod_0042") ++hot[text(event, "event_type")];
    }
    EXPECT_EQ(ids.size(), 50'000U);
    EXPECT_TRUE(ids.contains("evt_00000001"));
    EXPECT_TRUE(ids.contains("evt_00050000"));
    EXPECT_EQ(prices.size(), 100U);
    for (const auto& [product, values] : prices) EXPECT_EQ(values.size(), 1U) << product;
    for (const auto& [product, values] : names) EXPECT_EQ(values.size(), 1U) << product;
    EXPECT_THAT(prices["prod_0042"], testing::ElementsAre(129.99));
    EXPECT_THAT(names["prod_0042"], testing::ElementsAre("Modern Headphones|electronics"));
    const int total = hot["view"] + hot["add_to_cart"] + hot["purchase"];
    EXPECT_NEAR(total, 10'000, 400);
    EXPECT_NEAR(hot["view"], 0.95 * total, 200);
    EXPECT_NEAR(hot["purchase"], 0.01 * total, 50);
    EXPECT_EQ(report.of(Action::page_view), types["page_view"]);
    EXPECT_EQ(report.of(Action::view), types["view"]);
    EXPECT_EQ(report.of(Action::add_to_cart), types["add_to_cart"]);
    EXPECT_EQ(report.of(Action::purchase), types["purchase"]);
}

TEST_F(SimulatorTest, AVisitNamesItsSourceOnceAndItsDeviceInEveryEvent) {
    std::map<std::string, std::vector<json::object>> sessions;
    for (const auto& record : simulate({.rate = 0, .count = 20'000, .seed = 3, .start_time = october}))
        sessions[text(record.event(), "session_id")].push_back(record.event());
    int with_campaign = 0;
    int with_referrer = 0;
    for (const auto& [session, events] : sessions) {
        const std::string landing = text(events.front(), "page_url");
        const std::string referrer = text(events.front(), "referrer");
        EXPECT_THAT(landing, testing::StartsWith("https://shop.example/"));
        EXPECT_TRUE(!landing.contains("utm_source=google") || referrer == "https://www.google.com/");
        EXPECT_TRUE(!landing.contains("utm_medium=email") || referrer.empty());
        with_campaign += landing.contains("?utm_source=") ? 1 : 0;
        with_referrer += referrer.empty() ? 0 : 1;
        for (std::size_t i = 0; i < events.size(); ++i) {
            for (const char* name : {"user_id", "device_type", "user_agent"})
                EXPECT_EQ(text(events[i], name), text(events.front(), name));
            EXPECT_NE(text(events[i], "user_agent"), "");
            if (i == 0) continue;
            EXPECT_EQ(text(events[i], "referrer"), "");
            EXPECT_FALSE(text(events[i], "page_url").contains("utm_"));
            EXPECT_GE(time_of(events[i]), time_of(events[i - 1]));
        }
    }
    const auto share = [&](int of) { return static_cast<double>(of) / static_cast<double>(sessions.size()); };
    EXPECT_NEAR(share(with_campaign), 0.31, 0.06);
    EXPECT_NEAR(share(with_referrer), 0.64, 0.06);
}

TEST_F(SimulatorTest, OrdersHaveOneIdAndTheLinesOfOneVisit) {
    std::map<std::string, std::set<std::string>> sessions_of;
    for (const auto& record : simulate({.rate = 0, .count = 20'000, .seed = 4, .start_time = october})) {
        const auto event = record.event();
        const std::string type = text(event, "event_type");
        EXPECT_EQ(event.contains("order_id"), type == "purchase");
        EXPECT_EQ(event.contains("quantity"), type == "purchase" || type == "add_to_cart");
        if (type != "purchase") continue;
        EXPECT_EQ(text(event, "page_url"), "https://shop.example/checkout");
        sessions_of[text(event, "order_id")].insert(text(event, "session_id"));
    }
    EXPECT_GT(sessions_of.size(), 60U);
    for (const auto& [order, sessions] : sessions_of) EXPECT_EQ(sessions.size(), 1U) << order;
}

TEST_F(SimulatorTest, EachKindOfBadRecordIsSentAndCounted) {
    SimulatorReport report;
    simulate({.rate = 0, .count = 20'000, .seed = 1, .duplicates = 0.05, .invalid = 0.1}, &report);
    EXPECT_NEAR(report.duplicates, 1000, 150);
    EXPECT_NEAR(report.invalid(), 2000, 200);
    for (const auto count : report.faults) EXPECT_GT(count, 200);
    const auto valid = std::accumulate(report.actions.begin(), report.actions.end(), std::int64_t{0});
    EXPECT_EQ(valid + report.duplicates + report.invalid(), report.records);
}

TEST_F(SimulatorTest, ALongSpanFollowsTheTimeOfDayAndAShortOneIsEven) {
    const auto by_hour = [&](base::Duration span) {
        std::map<std::int64_t, int> events;
        model::Timestamp before = october;
        const SimulatorOptions options{
            .rate = 0, .count = 24'000, .seed = 1, .span = span, .start_time = october};
        for (const auto& record : simulate(options)) {
            const model::Timestamp time = time_of(record.event());
            EXPECT_GE(time, before);
            EXPECT_LT(time, october + span);
            before = time;
            ++events[(time - october) / std::chrono::hours(1)];
        }
        return events;
    };
    auto days = by_hour(std::chrono::hours(48));
    for (const int day : {0, 24}) EXPECT_GT(days[day + 20], 5 * days[day + 3]);
    const auto even = by_hour(std::chrono::hours(24));
    EXPECT_EQ(even.size(), 24U);
    for (const auto& [hour, events] : even) EXPECT_EQ(events, 1000) << hour;
}

TEST_F(SimulatorTest, TheRateAskedForIsTheRateSent) {
    EXPECT_EQ(simulate({.rate = 400, .duration = std::chrono::milliseconds(500)}).size(), 200U);
    EXPECT_EQ(simulate({.rate = 2000, .duration = std::chrono::hours(1), .count = 700}).size(), 700U);
}

TEST_F(SimulatorTest, ARateThatFollowsTheTimeOfDayIsThatOfTheMoment) {
    const auto before = base::now();
    const auto sent = static_cast<double>(
        simulate({.rate = 4000, .duration = std::chrono::milliseconds(500), .has_days = true}).size());
    const auto [lower, upper] = std::minmax({traffic_at(before), traffic_at(base::now())});
    EXPECT_GE(sent, 0.99 * 2000 * lower - 1);
    EXPECT_LE(sent, 1.01 * 2000 * upper + 1);
}

}  // namespace
}  // namespace millrace::produce
