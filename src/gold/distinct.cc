#include "gold/distinct.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace millrace::gold {

void Distinct::add(const Distinct& other) {
    if (other.limit_ < limit_) {
        limit_ = other.limit_;
        boost::unordered::erase_if(hashes_, [this](std::uint64_t hash) { return hash >= limit_; });
    }
    for (const std::uint64_t hash : other.hashes_) add(hash);
}

/// Keeps the smallest ones.
void Distinct::prune() {
    std::vector<std::uint64_t> hashes(hashes_.begin(), hashes_.end());
    std::ranges::nth_element(hashes, hashes.begin() + kept);
    limit_ = hashes[kept];
    boost::unordered::erase_if(hashes_, [this](std::uint64_t hash) { return hash >= limit_; });
}

std::int64_t Distinct::count() const {
    if (limit_ == no_limit) return static_cast<std::int64_t>(hashes_.size());
    std::vector<std::uint64_t> hashes(hashes_.begin(), hashes_.end());
    std::ranges::nth_element(hashes, hashes.begin() + (kept - 1));
    const double share = std::ldexp(static_cast<double>(hashes[kept - 1]), -64);
    return std::llround((static_cast<double>(kept) - 1) / share);
}

}  // namespace millrace::gold
