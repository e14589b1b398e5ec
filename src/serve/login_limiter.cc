#include "serve/login_limiter.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::serve {

namespace {

constexpr std::size_t max_wrong = 10;   // limit per minute
constexpr std::size_t max_unknown = 5;  // limit per second
constexpr std::size_t max_pairs = 10'000;

std::string pair_of(std::string_view address, std::string_view name) {
    return fmt::format("{} {}", address, name);
}

}  // namespace

bool LoginLimiter::may_check(std::string_view address, std::string_view name, bool is_known,
                             base::SteadyTime now) {
    const base::MutexLock lock(mutex_);
    if (!is_known) {
        while (!unknown_.empty() && unknown_.front() <= now - std::chrono::seconds(1)) unknown_.pop_front();
        if (unknown_.size() >= max_unknown) return false;
        unknown_.push_back(now);
        return true;
    }
    const auto found = wrong_.find(pair_of(address, name));
    if (found == wrong_.end()) return true;
    Times& times = found->second;
    while (!times.empty() && times.front() <= now - std::chrono::minutes(1)) times.pop_front();
    if (!times.empty()) return times.size() < max_wrong;
    wrong_.erase(found);
    return true;
}

void LoginLimiter::record_wrong(std::string_view address, std::string_view name, base::SteadyTime now) {
    const base::MutexLock lock(mutex_);
    if (wrong_.size() >= max_pairs) forget_old(now);
    Times& times = wrong_[pair_of(address, name)];
    times.push_back(now);
    if (times.size() > max_wrong) times.pop_front();
}

/// Forgets the pairs whose last wrong secret is more than a minute ago. If there are none, forgets the pair
/// whose last wrong secret is the oldest.
void LoginLimiter::forget_old(base::SteadyTime now) {
    std::erase_if(wrong_,
                  [now](const auto& each) { return each.second.back() <= now - std::chrono::minutes(1); });
    if (wrong_.size() < max_pairs) return;
    wrong_.erase(std::ranges::min_element(wrong_, {}, [](const auto& each) { return each.second.back(); }));
}

}  // namespace millrace::serve
