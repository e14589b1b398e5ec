#include "collect/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace millrace::collect {

namespace {

constexpr double reserve_seconds = 10;
constexpr std::size_t max_buckets = 100'000;

double seconds(std::chrono::duration<double> duration) {
    return duration.count();
}

}  // namespace

std::int64_t RateLimiter::wait_for(std::string_view who, std::size_t events, base::SteadyTime now) {
    if (rate_ <= 0) return 0;
    const base::MutexLock lock(mutex_);
    const double full = std::max(rate_ * reserve_seconds, 1.0);
    if (buckets_.size() >= max_buckets) forget_full(now);
    auto found = buckets_.find(who);
    if (found == buckets_.end()) found = buckets_.emplace(std::string(who), Bucket{full, now}).first;
    Bucket& bucket = found->second;
    bucket.level = std::min(full, bucket.level + rate_ * std::max(0.0, seconds(now - bucket.at)));
    bucket.at = now;
    const double needed = std::min(static_cast<double>(events), full);
    if (bucket.level < needed)
        return std::max<std::int64_t>(1, std::llround(std::ceil((needed - bucket.level) / rate_)));
    return 0;
}

void RateLimiter::take(std::string_view who, std::size_t events) {
    const base::MutexLock lock(mutex_);
    const auto found = buckets_.find(who);
    if (found != buckets_.end()) found->second.level -= static_cast<double>(events);
}

/// Forgets senders whose reserve is full again, because they are like new ones. If this makes little room,
/// all senders are forgotten. So this search through all of them is rare.
void RateLimiter::forget_full(base::SteadyTime now) {
    std::erase_if(buckets_, [&](const auto& each) {
        return each.second.level + rate_ * seconds(now - each.second.at) >= rate_ * reserve_seconds;
    });
    if (buckets_.size() < max_buckets / 10 * 9) return;
    forgotten_ += static_cast<std::int64_t>(buckets_.size());
    buckets_.clear();
}

}  // namespace millrace::collect
