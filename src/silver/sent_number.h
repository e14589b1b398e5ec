#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/money.h"

namespace millrace::silver {

/// A number as a sender wrote it: digits × 10^exponent, with its digits, not rounded to a double.
class SentNumber {
  public:
    /// Reads a number that follows JSON's grammar. Returns nullopt for other texts.
    static std::optional<SentNumber> of_json(std::string_view text);

    /// Reads an amount that people or programs wrote as text: `12.50`, `$1,299.00`, `1.299,00 €`, `12,50`,
    /// `EUR 1 299`, `1'299.00`. Returns nullopt for what is no number, and for what can mean two: `1.299` and
    /// `1,299` are 1299 in one country and 1.299 in another.
    static std::optional<SentNumber> of_amount(std::string_view text);

    /// The nearest double.
    [[nodiscard]] double to_double() const { return value_; }
    /// The amount in ten-thousandths, rounded half to even, or nullopt if it is beyond 10^15.
    [[nodiscard]] std::optional<model::Money> to_money() const;
    /// The number times 1000, or nullopt if that is not a whole number or beyond 10^12.
    [[nodiscard]] std::optional<std::int64_t> to_thousandths() const;
    /// The number times 10^power, cut to a whole number, or nullopt if it does not fit.
    [[nodiscard]] std::optional<std::int64_t> scaled(int power) const;
    /// The number, or nullopt if it is not whole or does not fit.
    [[nodiscard]] std::optional<std::int64_t> to_whole() const;

  private:
    bool negative_ = false;
    bool rest_ = false;  // there are digits behind those of digits_ that are not all 0
    std::uint64_t digits_ = 0;
    std::int32_t exponent_ = 0;
    double value_ = 0;
};

}  // namespace millrace::silver
