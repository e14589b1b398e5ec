#include "base/task.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace millrace::base {
namespace {

constexpr auto long_enough = std::chrono::minutes(1);

TEST(Task, RethrowsTheExceptionOfItsWork) {
    Task task;
    task.start([](const StopSignal&) { throw std::runtime_error("broken"); });
    EXPECT_THROW(task.finish(), std::runtime_error);
    EXPECT_TRUE(task.done());
}

TEST(Task, StopsWhenItIsTold) {
    Task task;
    bool stopped = false;
    task.start([&](const StopSignal& stop) { stopped = stop.wait_for(long_enough); });
    EXPECT_FALSE(task.done());
    task.request_stop();
    task.finish();
    EXPECT_TRUE(stopped);
}

TEST(Task, StopsItsWorkAtItsEnd) {
    bool stopped = false;
    {
        Task task;
        task.start([&](const StopSignal& stop) { stopped = stop.wait_for(long_enough); });
    }
    EXPECT_TRUE(stopped);
}

TEST(Task, IsNotDoneBeforeItWasStarted) {
    Task task;
    task.request_stop();
    task.finish();
    EXPECT_FALSE(task.done());
}

}  // namespace
}  // namespace millrace::base
