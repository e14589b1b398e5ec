#include "base/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <latch>
#include <memory>
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

/// Tasks of one call, which several threads take in turn. Thread-safe.
class Batch {
  public:
    explicit Batch(std::vector<std::function<void()>> tasks)
        : tasks_(std::move(tasks)), done_(static_cast<std::ptrdiff_t>(tasks_.size())) {}

    [[nodiscard]] std::size_t size() const { return tasks_.size(); }
    /// Runs the next task. Returns false if all have begun.
    bool run_next() {
        const std::size_t next = next_++;
        if (next >= tasks_.size()) return false;
        try {
            std::exchange(tasks_[next], nullptr)();
        } catch (...) {
            failure_.note_current();
        }
        done_.count_down();
        return true;
    }
    /// Waits until all tasks have ended, and rethrows the first exception that one threw.
    void wait() {
        done_.wait();
        failure_.rethrow();
    }

  private:
    std::vector<std::function<void()>> tasks_;
    std::atomic<std::size_t> next_ = 0;
    std::latch done_;
    FirstFailure failure_;
};

}  // namespace

WorkerPool::WorkerPool(std::size_t threads) {
    if (threads == processors) threads = std::max(1U, std::thread::hardware_concurrency());
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
    const auto batch = std::make_shared<Batch>(std::move(tasks));
    std::list<std::function<void()>> helpers;
    for (std::size_t i = 1; i < batch->size(); ++i) helpers.emplace_back([batch] { batch->run_next(); });
    if (!threads_.empty() && !helpers.empty()) {
        const MutexLock lock(mutex_);
        queue_.splice(queue_.end(), helpers);
    }
    added_.notify_all();
    while (batch->run_next()) continue;
    batch->wait();
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
