#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace millrace::base {

/// A request to stop, which threads can wait on. Thread-safe; once set it stays set.
class StopSignal {
  public:
    void request();
    [[nodiscard]] bool requested() const;
    /// Waits until the stop is requested or `limit` has passed; true when it was requested.
    bool wait_for(std::chrono::microseconds limit) const;

  private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    bool requested_ = false;  // guarded by mutex_
};

/// Turns SIGINT and SIGTERM into `stop.request()` for the life of the object; a second signal ends the
/// process at once. Construct it before any thread starts, since threads inherit its signal mask.
class SignalGuard {
  public:
    explicit SignalGuard(StopSignal& stop);
    SignalGuard(const SignalGuard&) = delete;
    SignalGuard& operator=(const SignalGuard&) = delete;
    ~SignalGuard();

  private:
    struct State;
    State* state_;
};

}  // namespace millrace::base
