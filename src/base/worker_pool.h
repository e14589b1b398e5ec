#pragma once

#include <exception>
#include <functional>
#include <limits>
#include <list>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace millrace::base {

/// A fixed set of threads that run tasks in the order in which they were added. Thread-safe.
class WorkerPool {
  public:
    /// As many threads as there are processors.
    static constexpr std::size_t processors = std::numeric_limits<std::size_t>::max();
    /// `threads` = 0 lets the threads that call run_all() do all of the work. Throws std::system_error if a
    /// thread cannot be created.
    explicit WorkerPool(std::size_t threads = processors);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    /// Waits for all tasks that were added.
    ~WorkerPool();

    /// Runs all `tasks` on the pool and in the calling thread, and waits for them, then rethrows the first
    /// exception that a task threw. Any number of threads may call it at once, and so may tasks: the calling
    /// thread runs what no other thread has begun.
    void run_all(std::vector<std::function<void()>> tasks);

  private:
    void work();
    void end();

    Mutex mutex_;
    ConditionVariable added_;
    std::list<std::function<void()>> queue_ MILLRACE_GUARDED_BY(mutex_);
    bool ending_ MILLRACE_GUARDED_BY(mutex_) = false;
    std::vector<std::thread> threads_;
};

}  // namespace millrace::base
