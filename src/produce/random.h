#pragma once

#include <cstdint>
#include <random>

namespace millrace::produce {

/// A generator of random numbers that are the same on every machine for one seed. The standard's
/// distributions are not.
class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    /// Returns a number in [0, bound).
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>((static_cast<unsigned __int128>(engine_()) * bound) >> 64U);
    }
    /// Returns a number in [0, 1).
    double share() { return static_cast<double>(engine_() >> 11U) * 0x1.0p-53; }
    /// Returns true with the given probability: always if it is 1 or more, never if it is 0 or less.
    bool chance(double probability) { return share() < probability; }

  private:
    std::mt19937_64 engine_;
};

/// Mixes a number so that the results of neighbours have nothing in common (SplitMix64's finalizer).
constexpr std::uint64_t scrambled(std::uint64_t number) {
    number += 0x9E3779B97F4A7C15ULL;
    number = (number ^ (number >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    number = (number ^ (number >> 27U)) * 0x94D049BB133111EBULL;
    return number ^ (number >> 31U);
}

}  // namespace millrace::produce
