#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/thread_annotations.h"

namespace millrace::base {

/// std::mutex with the annotations by which clang checks its use (thread_annotations.h).
class MILLRACE_CAPABILITY("mutex") Mutex {
  public:
    void lock() MILLRACE_ACQUIRE() { mutex_.lock(); }
    void unlock() MILLRACE_RELEASE() { mutex_.unlock(); }

  private:
    friend class ConditionVariable;

    std::mutex mutex_;
};

/// Holds a Mutex, or another class that is annotated as a mutex, until the end of the scope.
template <typename Lockable>
class MILLRACE_SCOPED_CAPABILITY MutexLock {
  public:
    explicit MutexLock(Lockable& mutex) MILLRACE_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;
    ~MutexLock() MILLRACE_RELEASE() {
        if (held_) mutex_.unlock();
    }

    /// Releases the mutex for a part of the scope, and takes it again.
    void unlock() MILLRACE_RELEASE() {
        held_ = false;
        mutex_.unlock();
    }
    void lock() MILLRACE_ACQUIRE() {
        mutex_.lock();
        held_ = true;
    }

  private:
    Lockable& mutex_;
    bool held_ = true;
};

/// std::condition_variable for a Mutex. It has no wait with a predicate, because clang does not know that a
/// lambda runs while the mutex is held. The caller tests the condition in a loop:
///
///     while (!ready_) changed_.wait(mutex_);
class ConditionVariable {
  public:
    /// Releases the mutex, waits, and takes it again. May return without a notification.
    void wait(Mutex& mutex) MILLRACE_REQUIRES(mutex) {
        std::unique_lock lock(mutex.mutex_, std::adopt_lock);
        changed_.wait(lock);
        lock.release();  // the caller still holds the mutex
    }
    /// Waits like wait(), but at most until `end`. Returns false if that time has come.
    bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point end) MILLRACE_REQUIRES(mutex) {
        std::unique_lock lock(mutex.mutex_, std::adopt_lock);
        const std::cv_status status = changed_.wait_until(lock, end);
        lock.release();  // the caller still holds the mutex
        return status == std::cv_status::no_timeout;
    }

    void notify_all() { changed_.notify_all(); }

  private:
    std::condition_variable changed_;
};

}  // namespace millrace::base
