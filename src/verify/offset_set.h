#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bronze/record.h"

namespace millrace::verify {

/// A set of offsets of one Bronze partition, with one bit for each offset.
class OffsetSet {
  public:
    /// Returns false when the set holds `offset` already. `offset` must not be negative.
    bool insert(bronze::Offset offset) {
        const auto at = static_cast<std::size_t>(offset.value());
        if (at >= bits_.size()) bits_.resize(std::max(at + 1, bits_.size() * 2));
        if (bits_[at]) return false;
        bits_[at] = true;
        ++size_;
        return true;
    }
    [[nodiscard]] bool contains(bronze::Offset offset) const {
        const auto at = static_cast<std::size_t>(offset.value());
        return at < bits_.size() && bits_[at];
    }
    [[nodiscard]] std::int64_t size() const { return size_; }

  private:
    std::vector<bool> bits_;
    std::int64_t size_ = 0;
};

/// The offsets of all partitions, by partition.
using OffsetSets = std::vector<OffsetSet>;

}  // namespace millrace::verify
