#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace millrace::gold {

/// Counts distinct values by 64 uniformly distributed bits of each. The count is exact below 8,192. Above, it
/// is an estimate from the 4,096 smallest hashes, with a standard error of 1.6%. The state depends only on
/// the set of values, so the order of additions and unions does not matter. A shop has many of these objects
/// and most are small, so few hashes take little memory. Not thread-safe.
///
/// The estimator is k minimum values: Bar-Yossef et al., "Counting distinct elements in a data stream",
/// RANDOM 2002.
class Distinct {
  public:
    static constexpr std::size_t kept = 4096;
    static constexpr std::size_t exact_below = 2 * kept;

    Distinct() = default;
    Distinct(const Distinct& other);
    Distinct(Distinct&&) noexcept = default;
    Distinct& operator=(const Distinct& other);
    Distinct& operator=(Distinct&&) noexcept = default;
    ~Distinct() = default;

    void add(std::uint64_t hash) {
        if (hash >= limit_) return;
        if (!many_) {
            if (is_in_few(hash)) return;
            if (few_.size() < max_few) {
                if (few_.empty()) few_.reserve(usual);
                few_.push_back(hash);
                return;
            }
            switch_to_many(2 * max_few);
        }
        many_->insert(hash);
        if (many_->size() >= exact_below) prune();
    }
    struct Replacement {
        std::uint64_t hash = 0;
        std::uint64_t by = 0;
    };
    /// Lets a value take the place of another one, if the set has that one. An estimate may keep both.
    void replace(const Replacement& value);
    /// Adds all values of another set.
    void add(const Distinct& other);
    [[nodiscard]] std::int64_t count() const;

    template <class Archive>
    void save(Archive& archive) const {
        archive(limit_, hashes());
    }
    template <class Archive>
    void load(Archive& archive) {
        archive(limit_, few_);
        if (few_.size() > max_few) switch_to_many(few_.size());
    }

  private:
    struct Itself {
        using is_avalanching = void;
        std::size_t operator()(std::uint64_t hash) const { return hash; }
    };
    using Set = boost::unordered_flat_set<std::uint64_t, Itself>;

    static constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();
    // Up to this number, comparing with all hashes is faster than a lookup.
    static constexpr std::size_t max_few = 64;
    static constexpr std::size_t usual = 4;

    /// The loop has no branch for each hash, so that the compiler vectorises it.
    [[nodiscard]] bool is_in_few(std::uint64_t hash) const {
        bool found = false;
        for (const std::uint64_t one : few_) found |= one == hash;
        return found;
    }
    [[nodiscard]] std::size_t size() const { return many_ ? many_->size() : few_.size(); }
    [[nodiscard]] std::vector<std::uint64_t> hashes() const;
    void switch_to_many(std::size_t expected);
    void prune();

    // All hashes below limit_ are either in few_ or, if it exists, in many_.
    std::vector<std::uint64_t> few_;
    std::unique_ptr<Set> many_;
    std::uint64_t limit_ = no_limit;
};

/// Combines two hashes into one. The result depends on their order.
constexpr std::uint64_t combine(std::uint64_t first, std::uint64_t second) {
    std::uint64_t mixed = first ^ (second + 0x9e3779b97f4a7c15ULL + (first << 6) + (first >> 2));
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
}

}  // namespace millrace::gold
