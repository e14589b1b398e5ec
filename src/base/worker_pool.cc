#include "base/worker_pool.h"

#include <algorithm>
#include <latch>
#include <utility>

namespace millrace::base {

namespace {

/// The first exception that one of several tasks threw. Thread-safe.
class FirstFailure {
  public:
    /// Keeps the exception that is being handled, if it is the first one.
    void note_current() {
        const MutexLock lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
    }
    /// Rethrows the exception, if there is one.
    void rethrow() {
        const MutexLock lock(mutex_);
        if (failure_) std::rethrow_exception(failure_);
    }

  private:
    Mutex mutex_;
    std::exception_ptr failure_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace

WorkerPool::WorkerPool(std::size_t threads) {
    if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
    try {
        for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
    } catch (...) {
        end();
        throw;
    }
}

WorkerPool::~WorkerPool() {
    end();
}

void WorkerPool::end() {
    {
        const MutexLock lock(mutex_);
        ending_ = true;
    }
    added_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void WorkerPool::run_all(std::vector<std::function<void()>> tasks) {
    if (tasks.empty()) return;
    std::latch done(static_cast<std::ptrdiff_t>(tasks.size()));
    FirstFailure failure;
    // Either all tasks enter the queue or none, because they refer to this stack frame.
    std::list<std::function<void()>> added;
    for (auto& task : tasks) {
        added.emplace_back([&, task = std::move(task)] {
            try {
                task();
            } catch (...) {
                failure.note_current();
            }
            done.count_down();
        });
    }
    {
        const MutexLock lock(mutex_);
        queue_.splice(queue_.end(), added);
    }
    added_.notify_all();
    done.wait();
    failure.rethrow();
}

void WorkerPool::work() {
    for (;;) {
        std::function<void()> task;
        {
            const MutexLock lock(mutex_);
            while (!ending_ && queue_.empty()) added_.wait(mutex_);
            if (queue_.empty()) return;
            task = std::move(queue_.front());
            queue_.pop_front();
        }
        task();
    }
}

}  // namespace millrace::base
