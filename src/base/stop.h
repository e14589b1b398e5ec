#pragma once

#include <chrono>

#include "base/mutex.h"

namespace millrace::base {

/// A request to stop that threads can wait for. It cannot be withdrawn. Thread-safe.
class StopSignal {
  public:
    void request();
    [[nodiscard]] bool requested() const;
    /// Waits until the stop is requested or `limit` has passed. Returns true if the stop was requested.
    bool wait_for(std::chrono::microseconds limit) const;

  private:
    mutable Mutex mutex_;
    mutable ConditionVariable changed_;
    bool requested_ MILLRACE_GUARDED_BY(mutex_) = false;
};

/// Turns SIGINT and SIGTERM into `stop.request()` for the life of the object. A second signal ends the
/// process at once. Construct the guard before any thread starts, because threads inherit its signal mask.
/// `stop` must outlive it.
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
