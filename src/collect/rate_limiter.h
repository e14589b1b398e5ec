#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"

namespace millrace::collect {

/// Limits each sender to a number of events per second, with a reserve for ten seconds (token bucket).
/// Remembers at most 100,000 senders. Thread-safe.
class RateLimiter {
  public:
    /// A rate of 0 means no limit.
    explicit RateLimiter(double events_per_second) : rate_(events_per_second) {}

    /// Returns in how many whole seconds (at least one) the events may be sent, or 0 if they may be sent now.
    /// More events than the reserve may be sent when the reserve is full.
    [[nodiscard]] std::int64_t wait_for(std::string_view who, std::size_t events, base::SteadyTime now);
    /// Returns the number of senders that were forgotten before their reserve was full again, because there
    /// were too many.
    [[nodiscard]] std::int64_t forgotten() const { return forgotten_; }
    /// Takes the events off the sender's reserve.
    void take(std::string_view who, std::size_t events);

  private:
    struct Bucket {
        double level = 0;  // events that are left in the reserve
        base::SteadyTime at;
    };

    void forget_full(base::SteadyTime now) MILLRACE_REQUIRES(mutex_);

    const double rate_;
    std::atomic<std::int64_t> forgotten_ = 0;
    base::Mutex mutex_;
    std::map<std::string, Bucket, std::less<>> buckets_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::collect
