#include "gold/visitors/activity.h"

#include <algorithm>

namespace millrace::gold {

namespace {

constexpr std::int64_t days_kept = 64;

}  // namespace

std::int64_t utc_day(Timestamp time) {
    return std::chrono::floor<std::chrono::days>(time.time_since_epoch()).count();
}

/// Takes the chains near `chain` out of `chains`, and unites them with it.
void Activity::join(std::vector<Chain>& chains, Chain& chain) const {
    std::erase_if(chains, [&](const Chain& each) {
        if (!are_near(each, chain)) return false;
        chain.unite(each);
        return true;
    });
}

void Activity::add_chain(std::uint64_t id, Seen& seen, Chain chain) {
    if (are_near(seen.chain, chain)) {
        seen.chain.unite(chain);
        if (const auto found = older_.find(id); found != older_.end()) join(found->second, seen.chain);
        return;
    }
    if (chain.first > seen.chain.last) std::swap(seen.chain, chain);
    std::vector<Chain>& older = older_[id];
    join(older, chain);
    older.push_back(chain);
}

void Activity::add(std::uint64_t id, Timestamp time, bool of_order) {
    const auto [found, is_first] = seen_.try_emplace(id, Seen{.chain = {time, time}, .days = 1});
    Seen& seen = found->second;
    seen.has_orders |= of_order;
    if (is_first) return;
    const std::int64_t newer = utc_day(time) - utc_day(seen.chain.last);
    if (newer > 0) seen.days = newer < days_kept ? seen.days << newer : 0;
    if (newer > -days_kept) seen.days |= std::uint64_t{1} << (newer > 0 ? 0 : -newer);
    if (time < seen.chain.first || time > seen.chain.last) add_chain(id, seen, {time, time});
}

/// Within a chain, no pause is longer than the period.
bool Activity::seen_before(std::uint64_t id, Timestamp time) const {
    const auto found = seen_.find(id);
    if (found == seen_.end()) return false;
    const auto is_before = [&](const Chain& chain) {
        return chain.first < time && time - chain.last <= period_;
    };
    if (is_before(found->second.chain)) return true;
    if (older_.empty()) return false;
    const auto older = older_.find(id);
    return older != older_.end() && std::ranges::any_of(older->second, is_before);
}

std::vector<Timestamp> Activity::chain_starts(std::uint64_t id) const {
    std::vector<Timestamp> starts;
    if (const auto found = seen_.find(id); found != seen_.end()) starts.push_back(found->second.chain.first);
    if (const auto found = older_.find(id); found != older_.end()) {
        for (const Chain& chain : found->second) starts.push_back(chain.first);
    }
    return starts;
}

std::vector<std::int64_t> Activity::days_between(std::uint64_t id, Window window) const {
    std::vector<std::int64_t> days;
    const auto found = seen_.find(id);
    if (found == seen_.end()) return days;
    const std::int64_t newest = utc_day(found->second.chain.last);
    const std::int64_t to = std::min(newest, utc_day(window.end));
    for (std::int64_t day = std::max(newest - days_kept + 1, utc_day(window.start)); day <= to; ++day) {
        if ((found->second.days >> (newest - day) & 1U) != 0) days.push_back(day);
    }
    return days;
}

void Activity::forget(Timestamp time) {
    const auto is_old = [time](const Chain& chain) { return chain.last < time; };
    boost::unordered::erase_if(seen_, [&](const auto& id) { return is_old(id.second.chain); });
    boost::unordered::erase_if(older_, [&](auto& id) {
        std::erase_if(id.second, is_old);
        return id.second.empty();
    });
}

}  // namespace millrace::gold
