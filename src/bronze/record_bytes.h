#pragma once

#include <string_view>
#include <vector>

#include "bronze/record.h"

namespace millrace::bronze {

/// The keys and values of some records, copied one after another, with the padding that record values need.
/// Not thread-safe.
class RecordBytes {
  public:
    /// Clears the object and reserves `bytes`, which include the padding, so that views stay valid while
    /// records are added.
    void start(std::size_t bytes) {
        bytes_.clear();
        bytes_.reserve(bytes);
    }
    /// Copies `from` and returns a view of the copy. A view without data, which means null, stays null.
    std::string_view copy(std::string_view from) {
        if (from.data() == nullptr) return {};
        const std::size_t at = bytes_.size();
        bytes_.insert(bytes_.end(), from.begin(), from.end());
        return {bytes_.data() + at, from.size()};
    }
    /// Adds the padding. Call it after each value.
    void pad() { bytes_.resize(bytes_.size() + record_padding); }

  private:
    std::vector<char> bytes_;
};

}  // namespace millrace::bronze
