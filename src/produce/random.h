#pragma once

#include <cstdint>
#include <random>

namespace millrace::produce {

/// Random numbers that are the same on every machine for one seed (the standard's distributions are not).
class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    /// A number in [0, bound).
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>((static_cast<unsigned __int128>(engine_()) * bound) >> 64U);
    }
    /// True with the given probability.
    bool chance(double probability) {
        return static_cast<double>(engine_() >> 11U) * 0x1.0p-53 < probability;
    }
    std::uint64_t bits() { return engine_(); }

  private:
    std::mt19937_64 engine_;
};

}  // namespace millrace::produce
