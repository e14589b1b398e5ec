#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "verify/offset_set.h"

namespace millrace::verify {

/// A set of items of one Bronze partition: each is an offset and the item's number in its record. The first
/// items of records, which most items are, take one bit for each offset.
class ItemSet {
  public:
    /// Returns false when the set holds the item already. `offset` must not be negative.
    bool insert(bronze::Offset offset, std::int32_t record_index) {
        return record_index == 0 ? first_.insert(offset)
                                 : others_.insert({offset.value(), record_index}).second;
    }
    [[nodiscard]] bool contains(bronze::Offset offset, std::int32_t record_index) const {
        return record_index == 0 ? first_.contains(offset) : others_.contains({offset.value(), record_index});
    }
    [[nodiscard]] std::int64_t size() const {
        return first_.size() + static_cast<std::int64_t>(others_.size());
    }

  private:
    OffsetSet first_;
    boost::unordered_flat_set<std::pair<std::int64_t, std::int32_t>> others_;
};

/// The items of all partitions, by partition.
using ItemSets = std::vector<ItemSet>;

}  // namespace millrace::verify
