#include "gold/state/strings.h"

#include <xxhash.h>

#include <algorithm>
#include <numeric>

namespace millrace::gold {

namespace {

constexpr std::size_t min_strings_to_sweep = 100'000;

}  // namespace

std::uint64_t StringPool::hash_of(std::string_view value) {
    return XXH3_64bits(value.data(), value.size());
}

StringPool::StringPool() {
    values_.emplace_back();
    hashes_.push_back(0);
}

StringId StringPool::add(std::string_view value) {
    if (value.empty()) return 0;
    if (const auto found = ids_.find(value); found != ids_.end()) return found->second;
    StringId id = 0;
    if (free_.empty()) {
        id = static_cast<StringId>(values_.size());
        values_.emplace_back(value);
        hashes_.push_back(hash_of(value));
    } else {
        id = free_.back();
        free_.pop_back();
        values_[id] = value;
        hashes_[id] = hash_of(value);
    }
    ids_.emplace(values_[id], id);
    return id;
}

void StringPool::sweep(const std::vector<bool>& marked) {
    const std::size_t free_before = free_.size();
    boost::unordered::erase_if(ids_, [&](const auto& entry) {
        if (!marked[entry.second]) free_.push_back(entry.second);
        return !marked[entry.second];
    });
    for (std::size_t i = free_before; i < free_.size(); ++i) values_[free_[i]] = std::string();
}

/// Computes hashes_ and ids_ from values_ and free_.
void StringPool::rebuild_index() {
    std::vector<bool> is_free(values_.size());
    for (const StringId id : free_) is_free[id] = true;
    hashes_.assign(values_.size(), 0);
    ids_.clear();
    for (StringId id = 1; id < values_.size(); ++id) {
        if (is_free[id]) continue;
        hashes_[id] = hash_of(values_[id]);
        ids_.emplace(values_[id], id);
    }
}

Marks::Marks(const std::vector<std::size_t>& places) {
    for (const std::size_t count : places) marked_.emplace_back(count);
}

std::size_t Strings::size() const {
    return std::accumulate(pools_.begin(), pools_.end(), std::size_t{0},
                           [](std::size_t sum, const StringPool& pool) { return sum + pool.size(); });
}

bool Strings::due() const {
    return size() > std::max(min_strings_to_sweep, 2 * swept_size_);
}

Marks Strings::marks() const {
    std::vector<std::size_t> places(pools_.size());
    std::ranges::transform(pools_, places.begin(), &StringPool::places);
    return Marks(places);
}

void Strings::sweep(const Marks& marks) {
    for (std::size_t field = 0; field < pools_.size(); ++field) pools_[field].sweep(marks.of(field));
    derived_.clear();
    page_sites_.clear();
    referrer_sites_.clear();
    page_entries_.clear();
    swept_size_ = size();
}

}  // namespace millrace::gold
