#pragma once

#include <string_view>
#include <vector>

#include "bronze/record.h"

namespace millrace::bronze {

/// The keys and values of some records, copied one after another, with the padding that a record's value
/// needs.
class RecordBytes {
  public:
    /// Forgets all. Room for `bytes`, padding included, is made at once, so that views stay where they are.
    void start(std::size_t bytes) {
        bytes_.clear();
        bytes_.reserve(bytes);
    }
    /// The copy's view; one without data, which means null, stays so.
    std::string_view copy(std::string_view from) {
        if (from.data() == nullptr) return {};
        const std::size_t at = bytes_.size();
        bytes_.insert(bytes_.end(), from.begin(), from.end());
        return {bytes_.data() + at, from.size()};
    }
    /// Goes after each value.
    void pad() { bytes_.resize(bytes_.size() + record_padding); }

  private:
    std::vector<char> bytes_;
};

}  // namespace millrace::bronze
