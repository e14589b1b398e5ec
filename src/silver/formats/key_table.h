#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/short_text.h"
#include "bronze/record.h"

namespace millrace::silver {

/// Finds the number of a name among `names`, which are known when the program is compiled. A name is hashed
/// by its first eight bytes and its size, and compared once or twice.
template <std::size_t Count>
class KeyTable {
  public:
    consteval explicit KeyTable(const std::array<std::string_view, Count>& names) : names_(names) {
        static_assert(Count < slot_count / 2);
        for (std::size_t i = 0; i < Count; ++i) {
            std::size_t slot = slot_of(head(names[i]), names[i].size());
            while (slots_[slot] != 0) slot = (slot + 1) % slot_count;
            slots_[slot] = static_cast<std::uint8_t>(i + 1);
        }
    }

    /// Returns the number of `name`, or Count if it is unknown. Reads eight bytes of it whatever its size,
    /// which the padding of a message allows.
    [[nodiscard]] std::size_t find(std::string_view name) const {
        static_assert(bronze::record_padding >= sizeof(std::uint64_t));
        std::uint64_t word = base::load_word(name.data());
        if (name.size() < sizeof word) word &= (std::uint64_t{1} << (8 * name.size())) - 1;
        for (std::size_t slot = slot_of(word, name.size()); slots_[slot] != 0;
             slot = (slot + 1) % slot_count) {
            const std::size_t number = slots_[slot] - std::size_t{1};
            if (base::equal_short(names_[number], name)) return number;
        }
        return Count;
    }

  private:
    static constexpr std::size_t slot_bits = 9;
    static constexpr std::size_t slot_count = std::size_t{1} << slot_bits;

    static constexpr std::uint64_t head(std::string_view name) {
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < name.size() && i < sizeof word; ++i)
            word |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(name[i])) << (8 * i);
        return word;
    }
    static constexpr std::size_t slot_of(std::uint64_t word, std::size_t size) {
        constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;
        return ((word ^ size << 58U) * odd) >> (64U - slot_bits);
    }

    std::array<std::string_view, Count> names_;
    std::array<std::uint8_t, slot_count> slots_{};
};

}  // namespace millrace::silver
