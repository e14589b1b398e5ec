#include "gold/stage/gold_state.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <iterator>
#include <ostream>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "gold/stage/idle_tick_log.h"

namespace millrace::gold {
namespace {

class GoldStateTest : public testing::Test {
  protected:
    ~GoldStateTest() override { std::filesystem::remove_all(folder_); }

    base::File made_lock() {
        std::filesystem::create_directories(folder_);
        return {folder_ / ".lock", base::File::Mode::read_write};
    }
    static std::function<void(std::ostream&)> text(const std::string& bytes) {
        return [&bytes](std::ostream& stream) { stream << bytes; };
    }
    std::optional<GoldPosition> read() {
        return read_gold_state(path_, [this](std::istream& stream) {
            read_.resize(size_);
            stream.read(read_.data(), static_cast<std::streamsize>(size_));
            if (!stream) throw Error("reading a test's state", "it is too short");
        });
    }

    const std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "gold_state_test";
    const std::filesystem::path path_ = folder_ / "state.bin";
    base::File lock_ = made_lock();
    const GoldPosition position_{.silver_id = "id",
                                 .silver_version = storage::Version(7),
                                 .settings = "{}",
                                 .watermark = model::from_us(99)};
    std::size_t size_ = 3;
    std::string read_;
};

TEST_F(GoldStateTest, WhatIsWrittenIsRead) {
    write_gold_state(path_, position_, text("abc"));
    const auto position = read();
    ASSERT_TRUE(position);
    EXPECT_EQ(read_, "abc");
    EXPECT_EQ(position->silver_id, "id");
    EXPECT_EQ(position->silver_version, storage::Version(7));
    EXPECT_EQ(position->watermark, model::from_us(99));
    EXPECT_EQ(read_gold_position(path_)->silver_version, storage::Version(7));
}

TEST_F(GoldStateTest, DamageOfAnyByteIsFound) {
    write_gold_state(path_, position_, text("abc"));
    const std::string whole = base::read_file(path_);
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x04);
        base::replace_file(path_, damaged);
        EXPECT_FALSE(read()) << "byte " << i;
        base::replace_file(path_, whole.substr(0, i));
        EXPECT_FALSE(read()) << "cut at " << i;
    }
}

TEST_F(GoldStateTest, AStateThatCannotBeLoadedIsNone) {
    write_gold_state(path_, position_, text("abc"));
    size_ = 1000;
    EXPECT_FALSE(read());
}

TEST_F(GoldStateTest, TheCopyWritesTheMemoryAsItWas) {
    std::string memory(20 << 20, 'a');
    GoldStateWriter writer(path_, lock_);
    writer.begin(position_, text(memory));
    EXPECT_TRUE(writer.busy());
    std::ranges::fill(memory, 'b');
    writer.wait();
    EXPECT_EQ(writer.written(), storage::Version(7));
    EXPECT_EQ(writer.written(), std::nullopt);
    size_ = memory.size();
    ASSERT_TRUE(read());
    EXPECT_EQ(read_, std::string(size_, 'a'));
}

TEST_F(GoldStateTest, ACopyThatFailsLeavesTheStateBefore) {
    write_gold_state(path_, position_, text("abc"));
    GoldStateWriter writer(path_, lock_);
    writer.begin(position_, [](std::ostream&) { throw Error("writing a test's state", "there is no room"); });
    writer.wait();
    EXPECT_EQ(writer.written(), std::nullopt);
    EXPECT_FALSE(writer.busy());
    EXPECT_TRUE(read());
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 2)
        << "there are only the state and the lock";
}

TEST_F(GoldStateTest, TheCopyHasNoFileOrSocketOfTheProcessButTheLock) {
    const base::File other(folder_ / "other", base::File::Mode::read_write);
    std::array<int, 2> sockets{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()), 0);
    GoldStateWriter writer(path_, lock_);
    ASSERT_TRUE(writer.begin(position_, [](std::ostream& stream) {
        for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
            std::error_code gone;  // the descriptor of the listing itself
            stream << std::filesystem::read_symlink(entry, gone).filename().string() << '\n';
        }
    }));
    writer.wait();
    ASSERT_EQ(writer.written(), storage::Version(7));
    const std::string state = base::read_file(path_);
    EXPECT_NE(state.find("\n.lock\n"), std::string::npos) << state;
    EXPECT_EQ(state.find("other"), std::string::npos) << state;
    EXPECT_EQ(state.find("socket:"), std::string::npos) << state;
    EXPECT_EQ(state.find("pipe:"), std::string::npos) << state;
    ::close(sockets[0]);
    ::close(sockets[1]);
}

TEST_F(GoldStateTest, TheCopyEndsWithAProcessThatIsKilledAndFreesTheLock) {
    const ::pid_t process = ::fork();
    if (process == 0) {
        base::File lock(folder_ / ".lock", base::File::Mode::read_write);
        lock.lock();
        GoldStateWriter writer(path_, lock);
        writer.begin(position_, [this](std::ostream&) {
            base::replace_file(folder_ / "writing", "");
            for (;;) ::pause();
        });
        for (;;) ::pause();
    }
    while (!std::filesystem::exists(folder_ / "writing")) std::this_thread::yield();
    EXPECT_FALSE(lock_.try_lock());
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    bool free = lock_.try_lock();
    while (!free && std::chrono::steady_clock::now() < until) free = lock_.try_lock();
    EXPECT_TRUE(free);
    remove_unfinished_states(path_);
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
        EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
    EXPECT_FALSE(std::filesystem::exists(path_));
}

/// Runs in a separate process, since the limit cannot be lifted again.
void begin_where_no_process_may_be_made(const std::filesystem::path& path, const base::File& lock) {
    const ::rlimit none{0, 0};
    if (::getuid() == 0 && ::setuid(65'534) != 0) ::_exit(2);  // the limit does not apply to root
    if (::setrlimit(RLIMIT_NPROC, &none) != 0) ::_exit(3);
    GoldStateWriter writer(path, lock);
    const auto pause = writer.begin({}, [](std::ostream&) {});
    ::_exit(pause || writer.busy() || writer.written() ? 1 : 0);
}

TEST_F(GoldStateTest, WhereNoCopyCanBeMadeItIsTriedAgainLater) {
    EXPECT_EXIT(begin_where_no_process_may_be_made(path_, lock_), testing::ExitedWithCode(0), "");
}

TEST_F(GoldStateTest, TicksAreKeptUntilTheStateHasThem) {
    const auto path = folder_ / "ticks.json";
    {
        IdleTickLog ticks(path);
        ticks.add({storage::Version(3), base::from_ms(100)});
        ticks.add({storage::Version(3), base::from_ms(200)});
        ticks.add({storage::Version(4), base::from_ms(300)});
    }
    IdleTickLog ticks(path);
    EXPECT_TRUE(ticks.load());
    EXPECT_EQ(ticks.size(), 3U);
    EXPECT_EQ(ticks.after(storage::Version(3)).back().now, base::from_ms(200));
    ticks.forget_before(storage::Version(4));
    EXPECT_TRUE(ticks.after(storage::Version(3)).empty());
    IdleTickLog again(path);
    EXPECT_TRUE(again.load());
    EXPECT_EQ(again.after(storage::Version(4)).size(), 1U);
}

TEST_F(GoldStateTest, DamagedTicksAreNoTicksAndNoFault) {
    const auto path = folder_ / "ticks.json";
    for (const char* content :
         {"", "[", "{}", "7", "[3]", "[{}]", R"([{"silver_version":3,"now_ms":"x"}])"}) {
        base::replace_file(path, content);
        IdleTickLog ticks(path);
        EXPECT_FALSE(ticks.load()) << content;
        EXPECT_EQ(ticks.size(), 0U);
        ticks.clear();
        EXPECT_TRUE(ticks.load());
        EXPECT_FALSE(std::filesystem::exists(path));
    }
}

}  // namespace
}  // namespace millrace::gold
