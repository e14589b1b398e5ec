#pragma once

#include <cereal/cereal.hpp>
#include <cstdint>

#include "model/money.h"

namespace millrace::gold {

/// Saves and loads Money, a type that the archive library does not support.
template <class Archive>
void archive_money(Archive& archive, model::Money& money) {
    auto high = static_cast<std::int64_t>(money >> 64);
    auto low = static_cast<std::uint64_t>(money);
    archive(high, low);
    money = (model::Money{high} << 64) | low;
}

}  // namespace millrace::gold
