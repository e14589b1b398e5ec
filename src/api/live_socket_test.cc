#include "api/live_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

namespace millrace::api {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::string_view sales_query = "from live.category_metrics";

/// Replies like Gold, with one open window.
class FakeGold {
  public:
    FakeGold() {
        open_.open();
        thread_ = std::thread([this] {
            while (!stop_.wait_for(std::chrono::milliseconds(1))) {
                if (const auto request = open_.pending()) open_.reply(*request, snapshot());
            }
        });
    }
    FakeGold(const FakeGold&) = delete;
    FakeGold& operator=(const FakeGold&) = delete;
    ~FakeGold() {
        stop_.request();
        thread_.join();
    }
    gold::OpenWindowsChannel* open() { return &open_; }

  private:
    static gold::OpenWindowsSnapshot snapshot() {
        gold::OpenWindowsSnapshot snapshot;
        snapshot.open[gold::Table::category_metrics]
            .add(0)
            .time(model::from_us(0))
            .time(model::from_us(60'000'000))
            .text_or_null("shoes")
            .text("EUR")
            .count(1)
            .count(0)
            .count(0)
            .count(1)
            .money(0)
            .rate(0, 1)
            .rate(0, 1);
        return snapshot;
    }

    gold::OpenWindowsChannel open_;
    base::StopSignal stop_;
    std::thread thread_;
};

class LiveSocketTest : public testing::Test {
  protected:
    LiveSocketTest() { fs::remove_all(data_.root()), fs::create_directories(data_.live()); }
    ~LiveSocketTest() override { fs::remove_all(data_.root()); }

    /// Returns the view that another process gets for the table of the query.
    [[nodiscard]] serve::SqlView requested_view() const {
        const auto views = views_of_running(data_, sales_query);
        return *std::ranges::find(views, "live.category_metrics", &serve::SqlView::name);
    }
    [[nodiscard]] bool is_there(const std::string& path) const { return fs::exists(data_.root() / path); }

    const catalog::DataDirectory data_{fs::temp_directory_path() /
                                       ("millrace_live_socket_test_" + std::to_string(::getpid()))};
};

/// Returns true if the condition becomes true within ten seconds.
bool soon(const auto& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition() && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return condition();
}

TEST_F(LiveSocketTest, AnotherProcessGetsTheFilesOfOpenWindows) {
    FakeGold gold;
    LiveView live(data_, gold.open(), nullptr, {});
    const LiveSocket socket(live);
    const serve::SqlView view = requested_view();
    EXPECT_EQ(view.unavailable, "");
    ASSERT_EQ(view.files.size(), 1U);
    EXPECT_EQ(view.files.front().partition, (storage::PartitionValues{{"day", "1970-01-01"}}));
    EXPECT_TRUE(is_there(view.files.front().path)) << view.files.front().path;
    EXPECT_EQ(fs::status(live.folder()).permissions(), fs::perms::owner_all) << "only this user may connect";
}

TEST_F(LiveSocketTest, TheFilesStayWhileTheyAreUsed) {
    FakeGold gold;
    LiveView live(data_, gold.open(), nullptr, {});
    const LiveSocket socket(live);
    std::optional<serve::SqlView> view = requested_view();
    const std::string path = view->files.front().path;
    const auto is_replaced = [&] {
        const auto views = live.views(sales_query);
        const auto now = std::ranges::find(views, "live.category_metrics", &serve::SqlView::name);
        return now->files.front().path != path;
    };
    ASSERT_TRUE(soon(is_replaced));
    EXPECT_TRUE(is_there(path));
    view.reset();
    EXPECT_TRUE(soon([&] { return !is_there(path); }));
}

TEST_F(LiveSocketTest, TheResponseOfTheProcessWithGoldIsUsed) {
    LiveView closed(data_, nullptr, nullptr, {});
    const LiveSocket socket_of_closed(closed);
    EXPECT_TRUE(requested_view().files.empty());
    EXPECT_EQ(requested_view().unavailable, "");
    FakeGold gold;
    LiveView live(data_, gold.open(), nullptr, {});
    const LiveSocket socket(live);
    EXPECT_EQ(requested_view().files.size(), 1U);
}

TEST_F(LiveSocketTest, WithoutAPipelineTheTableIsUnavailable) {
    EXPECT_THAT(requested_view().unavailable, HasSubstr("none runs on " + data_.root().string()));
    for (const serve::SqlView& view : views_of_running(data_, "from silver"))
        EXPECT_EQ(view.unavailable, "") << "the query does not use " << view.name;
}

TEST_F(LiveSocketTest, AProcessThatWasKilledIsIgnored) {
    const fs::path folder = data_.live() / "killed";
    fs::create_directories(folder);
    const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ::sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    const std::string path = folder / "socket";
    ASSERT_LT(path.size(), sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ASSERT_EQ(::bind(left, reinterpret_cast<const ::sockaddr*>(&address), sizeof(address)), 0);
    ::close(left);
    EXPECT_THAT(requested_view().unavailable, HasSubstr("none runs on"));
}

}  // namespace
}  // namespace millrace::api
