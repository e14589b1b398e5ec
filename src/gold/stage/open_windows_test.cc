#include "gold/stage/open_windows.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace millrace::gold {
namespace {

constexpr auto long_enough = std::chrono::seconds(30);
constexpr auto no_time = std::chrono::milliseconds(0);

OpenWindowsSnapshot snapshot_of(std::int64_t version) {
    OpenWindowsSnapshot snapshot;
    snapshot.silver_version = storage::Version(version);
    return snapshot;
}

/// A channel, and a reader in a thread of its own.
class OpenWindowsTest : public testing::Test {
  protected:
    ~OpenWindowsTest() override {
        channel_.close();
        if (reader_.joinable()) reader_.join();
    }

    void start_reader(const OpenWindowsChannel::Request& request) {
        reader_ = std::thread([this, request] { received_ = channel_.request(request, long_enough); });
        while (!channel_.pending()) std::this_thread::yield();
    }
    /// What the reader has received; nothing when its request was refused.
    const std::optional<OpenWindowsSnapshot>& received() {
        reader_.join();
        return received_;
    }

    const OpenWindowsChannel::Request kpis_{.tables = {Table::kpis}, .files = false};
    const OpenWindowsChannel::Request sessions_{.tables = {Table::sessions}, .files = true};
    OpenWindowsChannel channel_;
    std::thread reader_;
    std::optional<OpenWindowsSnapshot> received_;
};

TEST_F(OpenWindowsTest, ARequestIsRefusedAtOnceWhereGoldDoesNotRun) {
    EXPECT_FALSE(channel_.request(kpis_, long_enough));
    EXPECT_FALSE(channel_.pending());
}

TEST_F(OpenWindowsTest, ARequestIsAnsweredByTheReply) {
    channel_.open();
    EXPECT_FALSE(channel_.pending());
    start_reader(sessions_);
    EXPECT_EQ(channel_.pending(), sessions_);
    channel_.reply(sessions_, snapshot_of(7));
    ASSERT_TRUE(received());
    EXPECT_EQ(received_->silver_version, storage::Version(7));
    EXPECT_FALSE(channel_.pending());
}

TEST_F(OpenWindowsTest, AReaderStopsWaitingAtItsLimit) {
    channel_.open();
    EXPECT_FALSE(channel_.request(kpis_, no_time));
    EXPECT_FALSE(channel_.pending());
}

TEST_F(OpenWindowsTest, AReplyToAReaderWhoHasGoneReachesNobody) {
    channel_.open();
    EXPECT_FALSE(channel_.request(kpis_, no_time));
    channel_.reply(kpis_, snapshot_of(7));
    EXPECT_FALSE(channel_.request(kpis_, no_time)) << "the reply is not for this request";
    start_reader(sessions_);
    channel_.reply(kpis_, snapshot_of(8));
    EXPECT_TRUE(channel_.pending()) << "the reply is for another request";
    channel_.reply(sessions_, snapshot_of(9));
    ASSERT_TRUE(received());
    EXPECT_EQ(received_->silver_version, storage::Version(9));
}

TEST_F(OpenWindowsTest, ClosingEndsTheWaitOfAReader) {
    channel_.open();
    start_reader(kpis_);
    channel_.close();
    EXPECT_FALSE(received());
    EXPECT_FALSE(channel_.request(kpis_, long_enough));
}

TEST_F(OpenWindowsTest, AReaderTakesTheSnapshotItselfOnceGoldHasEnded) {
    channel_.open();
    channel_.freeze([this](const OpenWindowsChannel::Request& request) {
        return snapshot_of(request == sessions_ ? 1 : 2);
    });
    EXPECT_EQ(channel_.request(sessions_, no_time)->silver_version, storage::Version(1));
    EXPECT_EQ(channel_.request(kpis_, no_time)->silver_version, storage::Version(2));
    EXPECT_FALSE(channel_.pending());
    channel_.close();
    EXPECT_FALSE(channel_.request(kpis_, no_time));
}

TEST_F(OpenWindowsTest, AReaderWhoWaitsWhenGoldEndsGetsTheLastSnapshot) {
    channel_.open();
    start_reader(kpis_);
    channel_.freeze([](const OpenWindowsChannel::Request&) { return snapshot_of(5); });
    ASSERT_TRUE(received());
    EXPECT_EQ(received_->silver_version, storage::Version(5));
}

TEST_F(OpenWindowsTest, OfSeveralReadersEachGetsAReply) {
    channel_.open();
    std::atomic<int> answered = 0;
    std::vector<std::thread> readers;
    readers.reserve(4);
    for (int i = 0; i < 4; ++i)
        readers.emplace_back([&] { answered += channel_.request(kpis_, long_enough).has_value() ? 1 : 0; });
    for (int replies = 0; replies < 4;) {
        if (channel_.pending()) {
            channel_.reply(kpis_, snapshot_of(++replies));
        } else {
            std::this_thread::yield();
        }
    }
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(answered, 4);
}

}  // namespace
}  // namespace millrace::gold
