#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <thread>

#include "base/stop.h"

namespace millrace::base {

/// Work that runs in a thread of its own until it is done or told to stop. An exception of
/// the work is kept for the caller of finish(). The functions are for one thread.
class Task {
  public:
    using Work = std::function<void(const StopSignal& stop)>;

    Task() = default;
    /// Stops the work and waits for its end.
    ~Task();
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;

    /// Starts the work, once in the object's life.
    void start(Work work);
    /// Whether the work has ended; false for one that was not started.
    [[nodiscard]] bool done() const { return done_; }
    void request_stop() { stop_.request(); }
    /// Waits for the end of the work, if it was started. Rethrows its exception.
    void finish();

  private:
    StopSignal stop_;
    std::exception_ptr failure_;
    std::atomic<bool> done_ = false;
    std::thread thread_;
};

}  // namespace millrace::base
