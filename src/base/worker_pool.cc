#include "base/worker_pool.h"

#include <algorithm>
#include <latch>
#include <utility>

namespace millrace::base {

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
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    added_.notify_all();
    for (auto& thread : threads_) thread.join();
}

void WorkerPool::run_all(std::vector<std::function<void()>> tasks) {
    if (tasks.empty()) return;
    std::latch done(static_cast<std::ptrdiff_t>(tasks.size()));
    std::mutex failure_mutex;
    std::exception_ptr failure;
    // Either all tasks enter the queue or none, because they refer to this stack frame.
    std::list<std::function<void()>> added;
    for (auto& task : tasks) {
        added.emplace_back([&, task = std::move(task)] {
            try {
                task();
            } catch (...) {
                const std::lock_guard lock(failure_mutex);
                if (!failure) failure = std::current_exception();
            }
            done.count_down();
        });
    }
    {
        const std::lock_guard lock(mutex_);
        queue_.splice(queue_.end(), added);
    }
    added_.notify_all();
    done.wait();
    if (failure) std::rethrow_exception(failure);
}

void WorkerPool::work() {
    for (;;) {
        std::function<void()> task;
        {
            std::unique_lock lock(mutex_);
            added_.wait(lock, [this] { return ending_ || !queue_.empty(); });
            if (queue_.empty()) return;
            task = std::move(queue_.front());
            queue_.pop_front();
        }
        task();
    }
}

}  // namespace millrace::base
