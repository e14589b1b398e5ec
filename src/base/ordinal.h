#pragma once

#include <fmt/format.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>

namespace millrace::base {

/// A position in a sequence: an integer whose type tells which sequence it counts, so that the compiler
/// refuses a position in another one, or a count, in its place. Two positions have a distance but no sum. The
/// layout is that of the integer. `Tag` only names the type and may stay incomplete.
template <class Tag>
class Ordinal {
  public:
    constexpr Ordinal() = default;
    constexpr explicit Ordinal(std::int64_t value) : value_(value) {}

    [[nodiscard]] constexpr std::int64_t value() const { return value_; }

    constexpr Ordinal& operator++() {
        ++value_;
        return *this;
    }
    constexpr Ordinal operator++(int) { return Ordinal(value_++); }
    constexpr Ordinal& operator+=(std::int64_t steps) {
        value_ += steps;
        return *this;
    }

    friend constexpr auto operator<=>(Ordinal, Ordinal) = default;
    friend constexpr Ordinal operator+(Ordinal from, std::int64_t steps) {
        return Ordinal(from.value_ + steps);
    }
    friend constexpr Ordinal operator-(Ordinal from, std::int64_t steps) {
        return Ordinal(from.value_ - steps);
    }
    friend constexpr std::int64_t operator-(Ordinal to, Ordinal from) { return to.value_ - from.value_; }
    /// cereal calls the next two functions, so that an archive holds the integer.
    template <class Archive>
    [[nodiscard]] constexpr std::int64_t save_minimal(const Archive& /*archive*/) const {
        return value_;
    }
    template <class Archive>
    constexpr void load_minimal(const Archive& /*archive*/, const std::int64_t& value) {
        value_ = value;
    }

    friend std::ostream& operator<<(std::ostream& out, Ordinal ordinal) { return out << ordinal.value_; }

  private:
    std::int64_t value_ = 0;
};

}  // namespace millrace::base

template <class Tag>
struct std::hash<millrace::base::Ordinal<Tag>> {
    std::size_t operator()(millrace::base::Ordinal<Tag> ordinal) const noexcept {
        return std::hash<std::int64_t>()(ordinal.value());
    }
};

template <class Tag>
struct fmt::formatter<millrace::base::Ordinal<Tag>> : fmt::formatter<std::int64_t> {
    template <class Context>
    auto format(millrace::base::Ordinal<Tag> ordinal, Context& context) const {
        return fmt::formatter<std::int64_t>::format(ordinal.value(), context);
    }
};
