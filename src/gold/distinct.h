#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <limits>

namespace millrace::gold {

/// Counts distinct things by 64 uniform bits of each: exactly below 8,192, and above from the 4,096 smallest
/// hashes, with a standard error of 1.6%. What it holds follows from the set alone, so the order of additions
/// and unions doesn't matter.
///
/// The estimate is that of k minimum values: Bar-Yossef et al., "Counting distinct elements in a data
/// stream", RANDOM 2002.
class Distinct {
  public:
    static constexpr std::size_t kept = 4096;
    static constexpr std::size_t exact_below = 2 * kept;

    void add(std::uint64_t hash) {
        if (hash >= limit_) return;
        hashes_.insert(hash);
        if (hashes_.size() >= exact_below) prune();
    }
    void add(const Distinct& other);
    [[nodiscard]] std::int64_t count() const;

    template <class Archive>
    void save(Archive& archive) const {
        archive(limit_, std::vector<std::uint64_t>(hashes_.begin(), hashes_.end()));
    }
    template <class Archive>
    void load(Archive& archive) {
        std::vector<std::uint64_t> hashes;
        archive(limit_, hashes);
        hashes_ = {hashes.begin(), hashes.end()};
    }

  private:
    struct Itself {
        using is_avalanching = void;
        std::size_t operator()(std::uint64_t hash) const { return hash; }
    };
    static constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

    void prune();

    boost::unordered_flat_set<std::uint64_t, Itself> hashes_;  // all that are below limit_
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
