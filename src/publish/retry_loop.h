#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "base/stop.h"

namespace millrace::publish {

/// A thread that brings something outside up to date with Gold's tables, again and again. When that fails, it
/// is warned of once and tried again, less and less often; only a usage error, which no time mends, ends it.
class RetryLoop {
  public:
    struct Pauses {
        std::chrono::milliseconds poll_interval;  ///< also after the first failure
        std::chrono::milliseconds longest;        ///< after many
    };
    /// Brings all up to date; returns early once the signal comes.
    using Work = std::function<void(const base::StopSignal&)>;

    /// `name` begins the log's lines.
    RetryLoop(std::string name, Pauses pauses, Work work);
    /// Waits for work that is under way.
    ~RetryLoop();
    RetryLoop(const RetryLoop&) = delete;
    RetryLoop& operator=(const RetryLoop&) = delete;

    /// It ends once the work succeeds.
    void drain();
    /// Waits for the end; false when it hasn't come by then.
    bool wait_until(std::chrono::steady_clock::time_point deadline);

  private:
    void follow();

    const std::string name_;
    const Pauses pauses_;
    const Work work_;
    base::StopSignal stop_;
    base::StopSignal finish_;
    base::StopSignal ended_;
    std::thread thread_;
};

}  // namespace millrace::publish
