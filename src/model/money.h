#pragma once

#include <cmath>
#include <cstdint>

namespace millrace::model {

/// An exact amount of money in ten-thousandths of a currency's unit. Sums do not overflow: 10^9 events of the
/// highest price and quantity stay below 2^127.
using Money = __int128;

/// Decimal places of Money.
inline constexpr int money_scale = 4;
inline constexpr double money_per_unit = 10'000;

/// Converts a price to ten-thousandths: price × 10,000 as a double, rounded half to even.
inline std::int64_t to_money(double price) {
    return std::llrint(price * money_per_unit);
}

/// Converts an amount to the currency's unit, for rates and averages.
inline double to_double(Money money) {
    return static_cast<double>(money) / money_per_unit;
}

}  // namespace millrace::model
