#include "base/process_copy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "base/file.h"

namespace millrace::base {
namespace {

TEST(ProcessCopy, SeesTheMemoryAsItWasAtTheStart) {
    const File file = File::in_memory("test");
    std::string state = "before";
    const auto copy = ProcessCopy::start(file.fd(), [&](int kept) {
        EXPECT_EQ(::write(kept, state.data(), state.size()), static_cast<ssize_t>(state.size()));
    });
    ASSERT_TRUE(copy);
    state = "after";
    EXPECT_TRUE(copy->wait());
    EXPECT_EQ(copy->result(), true);
    std::string read(20, '\0');
    read.resize(file.read_at(0, read.data(), read.size()));
    EXPECT_EQ(read, "before");
}

TEST(ProcessCopy, TellsWhetherItsWorkFailed) {
    const File file = File::in_memory("test");
    const auto copy = ProcessCopy::start(file.fd(), [](int) { throw std::runtime_error("it fails"); });
    ASSERT_TRUE(copy);
    EXPECT_FALSE(copy->wait());
    EXPECT_EQ(copy->result(), false);
}

TEST(ProcessCopy, IsKilledWhenNobodyWaitsForIt) {
    const File file = File::in_memory("test");
    {
        const auto copy = ProcessCopy::start(file.fd(), [](int) { ::pause(); });
        ASSERT_TRUE(copy);
        EXPECT_FALSE(copy->result()) << "it goes on";
    }  // would wait forever for a copy that lives
}

TEST(ProcessCopy, IsKilledWhenItTakesTooLong) {
    const File file = File::in_memory("test");
    const auto stuck = ProcessCopy::start(file.fd(), [](int) { ::pause(); });
    ASSERT_TRUE(stuck);
    EXPECT_FALSE(stuck->wait_for(std::chrono::milliseconds(20)));
    const auto quick = ProcessCopy::start(file.fd(), [](int) {});
    ASSERT_TRUE(quick);
    EXPECT_TRUE(quick->wait_for(std::chrono::seconds(60)));
}

}  // namespace
}  // namespace millrace::base
