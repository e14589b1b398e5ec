#include "pipeline/gold_state.h"

#include <gtest/gtest.h>

#include <iterator>
#include <ostream>

#include "base/error.h"
#include "base/file.h"
#include "pipeline/tick_log.h"

namespace millrace::pipeline {
namespace {

class GoldStateTest : public testing::Test {
  protected:
    GoldStateTest() { std::filesystem::create_directories(folder_); }
    ~GoldStateTest() override { std::filesystem::remove_all(folder_); }

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
    const GoldPosition position_{
        .silver_id = "id", .silver_version = 7, .settings = "{}", .watermark = 99};
    std::size_t size_ = 3;
    std::string read_;
};

TEST_F(GoldStateTest, WhatIsWrittenIsRead) {
    write_gold_state(path_, position_, text("abc"));
    const auto position = read();
    ASSERT_TRUE(position);
    EXPECT_EQ(read_, "abc");
    EXPECT_EQ(position->silver_id, "id");
    EXPECT_EQ(position->silver_version, 7);
    EXPECT_EQ(position->watermark, 99);
    EXPECT_EQ(read_gold_position(path_)->silver_version, 7);
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
    GoldStateWriter writer(path_);
    writer.begin(position_, text(memory));
    EXPECT_TRUE(writer.busy());
    std::ranges::fill(memory, 'b');
    writer.wait();
    EXPECT_EQ(writer.written(), 7);
    EXPECT_EQ(writer.written(), std::nullopt);
    size_ = memory.size();
    ASSERT_TRUE(read());
    EXPECT_EQ(read_, std::string(size_, 'a'));
}

TEST_F(GoldStateTest, ACopyThatFailsLeavesTheStateBefore) {
    write_gold_state(path_, position_, text("abc"));
    GoldStateWriter writer(path_);
    writer.begin(position_, [](std::ostream&) { throw Error("writing a test's state", "there is no room"); });
    writer.wait();
    EXPECT_EQ(writer.written(), std::nullopt);
    EXPECT_FALSE(writer.busy());
    EXPECT_TRUE(read());
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(GoldStateTest, TicksAreKeptUntilTheStateHasThem) {
    const auto path = folder_ / "ticks.json";
    {
        TickLog ticks(path);
        ticks.add({3, 100});
        ticks.add({3, 200});
        ticks.add({4, 300});
    }
    TickLog ticks(path);
    EXPECT_EQ(ticks.size(), 3U);
    EXPECT_EQ(ticks.after(3).back().now_ms, 200);
    ticks.forget_before(4);
    EXPECT_TRUE(ticks.after(3).empty());
    EXPECT_EQ(TickLog(path).after(4).size(), 1U);
}

}  // namespace
}  // namespace millrace::pipeline
