#include "gold/state/distinct.h"

#include <algorithm>
#include <cmath>

namespace millrace::gold {

Distinct::Distinct(const Distinct& other)
    : few_(other.few_),
      many_(other.many_ ? std::make_unique<Set>(*other.many_) : nullptr),
      limit_(other.limit_) {}

Distinct& Distinct::operator=(const Distinct& other) {
    Distinct copy(other);
    return *this = std::move(copy);
}

void Distinct::add(const Distinct& other) {
    if (size() == 0 && limit_ == no_limit) {
        *this = other;
        return;
    }
    if (other.limit_ < limit_) {
        limit_ = other.limit_;
        const auto is_above = [this](std::uint64_t hash) { return hash >= limit_; };
        std::erase_if(few_, is_above);
        if (many_) boost::unordered::erase_if(*many_, is_above);
    }
    const std::size_t max_size = std::min(size() + other.size(), exact_below);
    if (!many_ && max_size > max_few) switch_to_many(max_size);
    if (other.many_) {
        for (const std::uint64_t hash : *other.many_) add(hash);
    } else {
        for (const std::uint64_t hash : other.few_) add(hash);
    }
}

void Distinct::replace(const Replacement& value) {
    if (limit_ != no_limit && size() <= kept) return;  // fewer values would be no estimate
    if ((many_ ? many_->erase(value.hash) : std::erase(few_, value.hash)) > 0) add(value.by);
}

std::vector<std::uint64_t> Distinct::hashes() const {
    return many_ ? std::vector<std::uint64_t>(many_->begin(), many_->end()) : few_;
}

/// Moves the hashes from few_ to many_.
void Distinct::switch_to_many(std::size_t expected) {
    many_ = std::make_unique<Set>();
    many_->reserve(expected);
    many_->insert(few_.begin(), few_.end());
    few_ = {};
}

/// Keeps only the smallest hashes.
void Distinct::prune() {
    std::vector<std::uint64_t> all = hashes();
    std::ranges::nth_element(all, all.begin() + kept);
    limit_ = all[kept];
    boost::unordered::erase_if(*many_, [this](std::uint64_t hash) { return hash >= limit_; });
}

std::int64_t Distinct::count() const {
    if (limit_ == no_limit) return static_cast<std::int64_t>(size());
    std::vector<std::uint64_t> all = hashes();
    std::ranges::nth_element(all, all.begin() + (kept - 1));
    const double share = std::ldexp(static_cast<double>(all[kept - 1]), -64);
    return std::llround((static_cast<double>(kept) - 1) / share);
}

}  // namespace millrace::gold
