#include "base/mutex.h"

#include <gtest/gtest.h>

#include <thread>

namespace millrace::base {

namespace {

/// A value that one thread sets and another one waits for.
struct Handover {
    Mutex mutex;
    ConditionVariable changed;
    int value MILLRACE_GUARDED_BY(mutex) = 0;

    void set(int to) {
        const MutexLock lock(mutex);
        value = to;
        changed.notify_all();
    }
};

}  // namespace

TEST(ConditionVariable, WaitReleasesTheMutexAndTakesItAgain) {
    Handover handover;
    std::thread setter;
    {
        const MutexLock lock(handover.mutex);
        setter = std::thread([&] { handover.set(1); });
        while (handover.value == 0) handover.changed.wait(handover.mutex);
        handover.value = 2;  // the setter has released the mutex, and this thread holds it again
    }
    setter.join();
    const MutexLock lock(handover.mutex);
    EXPECT_EQ(handover.value, 2);
}

TEST(ConditionVariable, WaitUntilEndsAtItsTime) {
    Handover handover;
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
    {
        const MutexLock lock(handover.mutex);
        while (handover.value == 0 && handover.changed.wait_until(handover.mutex, end)) {
        }
        EXPECT_GE(std::chrono::steady_clock::now(), end);
        handover.value = 1;
    }
    const MutexLock lock(handover.mutex);  // blocks for ever if the wait has left the mutex locked
    EXPECT_EQ(handover.value, 1);
}

TEST(MutexLock, AnotherThreadMayTakeTheMutexWhileItIsReleased) {
    Handover handover;
    MutexLock lock(handover.mutex);
    lock.unlock();
    std::thread([&] { handover.set(1); }).join();
    lock.lock();
    EXPECT_EQ(handover.value, 1);
}

TEST(MutexLock, ReleasesTheMutexOnlyOnce) {
    Handover handover;
    {
        MutexLock lock(handover.mutex);
        lock.unlock();
    }
    handover.set(1);
    const MutexLock lock(handover.mutex);
    EXPECT_EQ(handover.value, 1);
}

}  // namespace millrace::base
