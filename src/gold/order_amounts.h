#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "model/money.h"

namespace millrace::gold {

/// What a sender says of a whole order besides its lines. Few events have it, so that an event refers to its
/// bytes as to a string (Field::amounts).
struct OrderAmounts {
    static constexpr std::int64_t absent = std::numeric_limits<std::int64_t>::min();

    std::int64_t total = absent;     ///< in the unit of model::Money, as the next three are
    std::int64_t discount = absent;  ///< a discount that the lines' prices do not contain
    std::int64_t shipping = absent;
    std::int64_t tax = absent;
    std::int64_t refused = 0;  ///< lines of the same message that broke a rule

    /// Reads what bytes() has returned; nothing of an empty text.
    static OrderAmounts of(std::string_view bytes) {
        OrderAmounts amounts;
        if (bytes.size() == sizeof amounts) std::memcpy(&amounts, bytes.data(), sizeof amounts);
        return amounts;
    }
    /// Valid as long as this object.
    [[nodiscard]] std::string_view bytes() const {
        if (*this == OrderAmounts()) return {};
        return {reinterpret_cast<const char*>(this), sizeof *this};
    }
    /// What the discount takes off the revenue. Some senders give a discount as a negative amount.
    [[nodiscard]] model::Money deduction() const {
        return discount == absent ? 0 : model::Money{std::max(discount, -discount)};
    }

    /// An amount as a member; absent where it cannot be held.
    static std::int64_t from(std::optional<model::Money> amount) {
        if (!amount || *amount <= absent || *amount > std::numeric_limits<std::int64_t>::max()) return absent;
        return static_cast<std::int64_t>(*amount);
    }
    static std::optional<model::Money> value(std::int64_t member) {
        return member == absent ? std::nullopt : std::optional<model::Money>(member);
    }

    friend bool operator==(const OrderAmounts&, const OrderAmounts&) = default;
};

}  // namespace millrace::gold
