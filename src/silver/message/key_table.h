#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/short_text.h"
#include "bronze/record.h"

namespace millrace::silver {

/// Finds the number of a name among `names`, which are known when the program is compiled. No two of them
/// have the same hash of their first eight bytes and their size, so a name is compared once.
template <std::size_t Count>
class KeyTable {
  public:
    consteval explicit KeyTable(const std::array<std::string_view, Count>& names) : names_(names) {
        while (!fill()) multiplier_ += 2;
    }

    /// Returns the number of `name`, or Count if it is unknown. Reads eight bytes of it whatever its size,
    /// which the padding of a message allows.
    [[nodiscard]] std::size_t find(std::string_view name) const {
        static_assert(bronze::record_padding >= sizeof(std::uint64_t));
        std::uint64_t word =
            base::load_word(name.data());  // NOLINT(bugprone-suspicious-stringview-data-usage)
        if (name.size() < sizeof word) word &= (std::uint64_t{1} << (8 * name.size())) - 1;
        const std::size_t number = numbers_[slot_of(word, name.size())];
        if (number == Count || heads_[number] != word || names_[number].size() != name.size()) return Count;
        return name.size() <= sizeof word || base::equal_short(names_[number], name) ? number : Count;
    }

  private:
    static constexpr unsigned slot_bits = 9;
    static_assert(Count < 100);

    static constexpr std::uint64_t head(std::string_view name) {
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < name.size() && i < sizeof word; ++i)
            word |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(name[i])) << (8 * i);
        return word;
    }
    [[nodiscard]] constexpr std::size_t slot_of(std::uint64_t word, std::size_t size) const {
        return ((word ^ size << 58U) * multiplier_) >> (64U - slot_bits);
    }
    /// Returns false if two names have one slot.
    constexpr bool fill() {
        numbers_.fill(Count);
        for (std::size_t i = 0; i < Count; ++i) {
            heads_[i] = head(names_[i]);
            auto& number = numbers_[slot_of(heads_[i], names_[i].size())];
            if (number != Count) return false;
            number = static_cast<std::uint8_t>(i);
        }
        return true;
    }

    std::array<std::string_view, Count> names_;
    std::array<std::uint64_t, Count> heads_{};
    std::array<std::uint8_t, std::size_t{1} << slot_bits> numbers_{};
    std::uint64_t multiplier_ = 0x9E3779B97F4A7C15;
};

}  // namespace millrace::silver
