#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace millrace::gold {

/// Counts distinct things by 64 uniform bits of each: exactly below 8,192, and above from the 4,096 smallest
/// hashes, with a standard error of 1.6%. What it holds follows from the set alone, so the order of additions
/// and unions doesn't matter. Most are small and there are many of them, so few hashes take up little.
///
/// The estimate is that of k minimum values: Bar-Yossef et al., "Counting distinct elements in a data
/// stream", RANDOM 2002.
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
            if (is_one_of_few(hash)) return;
            if (few_.size() < max_few) {
                few_.push_back(hash);
                return;
            }
            change_over(2 * max_few);
        }
        many_->insert(hash);
        if (many_->size() >= exact_below) prune();
    }
    void add(const Distinct& other);
    [[nodiscard]] std::int64_t count() const;

    template <class Archive>
    void save(Archive& archive) const {
        archive(limit_, hashes());
    }
    template <class Archive>
    void load(Archive& archive) {
        archive(limit_, few_);
        if (few_.size() > max_few) change_over(few_.size());
    }

  private:
    struct Itself {
        using is_avalanching = void;
        std::size_t operator()(std::uint64_t hash) const { return hash; }
    };
    using Set = boost::unordered_flat_set<std::uint64_t, Itself>;

    static constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();
    static constexpr std::size_t max_few = 64;  // that are compared with faster than looked up

    /// Without a branch for each, so that it is done several at a time.
    [[nodiscard]] bool is_one_of_few(std::uint64_t hash) const {
        bool found = false;
        for (const std::uint64_t one : few_) found |= one == hash;
        return found;
    }
    [[nodiscard]] std::size_t size() const { return many_ ? many_->size() : few_.size(); }
    [[nodiscard]] std::vector<std::uint64_t> hashes() const;
    void change_over(std::size_t expected);
    void prune();

    // All hashes that are below limit_, in the one or the other.
    std::vector<std::uint64_t> few_;
    std::unique_ptr<Set> many_;
    std::uint64_t limit_ = no_limit;
};

/// One hash for two; it depends on their order.
constexpr std::uint64_t combine(std::uint64_t first, std::uint64_t second) {
    std::uint64_t mixed = first ^ (second + 0x9e3779b97f4a7c15ULL + (first << 6) + (first >> 2));
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
}

}  // namespace millrace::gold
