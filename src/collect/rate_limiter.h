#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace millrace::collect {

/// So many events a second for each of those who send, with a reserve of ten seconds' worth (token bucket).
/// Times are those of base::monotonic_ms(). Remembers at most 100,000 senders. Thread-safe.
class RateLimiter {
  public:
    /// 0: no limit.
    explicit RateLimiter(double events_per_second) : rate_(events_per_second) {}

    /// In how many whole seconds, at least one, the events may come; 0: now. More events than the reserve may
    /// come once it is full.
    [[nodiscard]] std::int64_t wait_for(std::string_view who, std::size_t events, std::int64_t now_ms);
    /// Senders that were forgotten before their reserve was full again, since there were too many.
    [[nodiscard]] std::int64_t forgotten() const { return forgotten_; }
    /// Takes them off the reserve.
    void take(std::string_view who, std::size_t events);

  private:
    struct Bucket {
        double level = 0;  // that is left
        std::int64_t at_ms = 0;
    };

    void forget_full(std::int64_t now_ms);

    const double rate_;
    std::atomic<std::int64_t> forgotten_ = 0;
    std::mutex mutex_;
    std::map<std::string, Bucket, std::less<>> buckets_;  // guarded by mutex_
};

}  // namespace millrace::collect
