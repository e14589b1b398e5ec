#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace millrace::base {

/// A fixed set of threads that run tasks in the order they came.
class WorkerPool {
  public:
    /// 0 threads stands for one a processor. Throws std::system_error when the system gives no thread.
    explicit WorkerPool(std::size_t threads = 0);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    /// Waits for the tasks that were added.
    ~WorkerPool();

    /// Runs all `tasks` on the pool and waits for them; then throws the first exception that one of them
    /// threw. Any number of threads may call it at once.
    void run_all(std::vector<std::function<void()>> tasks);

  private:
    void work();
    void end();

    std::mutex mutex_;
    std::condition_variable added_;
    std::list<std::function<void()>> queue_;  // guarded by mutex_
    bool ending_ = false;                     // guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace millrace::base
