#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "base/stop.h"

namespace millrace::publish {

/// A thread that repeatedly brings an external system up to date with Gold's tables. If that fails, it logs a
/// warning once and tries again with growing pauses. A usage Error ends the loop, since trying again cannot
/// help.
class RetryLoop {
  public:
    struct Pauses {
        std::chrono::milliseconds poll_interval;  ///< pause between runs, and after the first failure
        std::chrono::milliseconds max_pause;      ///< longest pause after repeated failures
    };
    /// Brings everything up to date. Must return early when the signal is requested.
    using Work = std::function<void(const base::StopSignal&)>;

    /// Starts the thread. `name` is the prefix of log lines.
    RetryLoop(std::string name, Pauses pauses, Work work);
    /// Ends the thread and waits for work in progress.
    ~RetryLoop();
    RetryLoop(const RetryLoop&) = delete;
    RetryLoop& operator=(const RetryLoop&) = delete;

    /// Requests that the thread end as soon as the work succeeds.
    void drain();
    /// Waits for the end of the thread. Returns false if the deadline passes first.
    bool wait_until(std::chrono::steady_clock::time_point deadline);

  private:
    void run();

    const std::string name_;
    const Pauses pauses_;
    const Work work_;
    base::StopSignal stop_;
    base::StopSignal finish_;
    base::StopSignal ended_;
    std::thread thread_;
};

}  // namespace millrace::publish
