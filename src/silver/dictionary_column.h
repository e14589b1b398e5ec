#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "silver/sparse_column.h"

namespace millrace::silver {

/// A string column that is built as a dictionary: each distinct value once, and one index per row. The
/// Parquet writer takes the dictionary as it is, so each value is hashed only once. The memory is kept from
/// batch to batch. Not thread-safe.
class DictionaryColumn {
  public:
    DictionaryColumn();

    void append(std::string_view value);
    /// Appends a value, if there is one, as row number `row`. The rows between are null.
    void append(const std::optional<std::string_view>& value, std::size_t row) {
        if (value) append_at(*value, row);
    }
    /// Does so for a value that usually follows from the last value of `other`, such as a product's name from
    /// its id. The value that came with it before is tried first, which saves hashing.
    void append_beside(const DictionaryColumn& other, const std::optional<std::string_view>& value,
                       std::size_t row) {
        if (value) append_at_beside(other, *value, row);
    }
    /// Appends the last value again.
    void repeat() { indices_.append(last_); }
    /// Appends nulls up to `rows` rows.
    void pad(std::size_t rows) { indices_.pad(rows); }
    void clear();

    /// Returns the column with `rows` rows as a dictionary array that points into this object, or nullptr if
    /// no row has a value. The object must outlive the array and must not change.
    [[nodiscard]] std::shared_ptr<arrow::Array> array(std::size_t rows);

  private:
    struct Slot {
        std::uint32_t hash = 0;
        std::int32_t index = -1;  // -1: the slot is empty
    };

    [[nodiscard]] std::string_view value(std::int32_t index) const {
        const auto from = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(index)]);
        const auto to = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(index) + 1]);
        return {bytes_.data() + from, to - from};
    }
    void append_at(std::string_view value, std::size_t row);
    void append_at_beside(const DictionaryColumn& other, std::string_view value, std::size_t row);
    std::int32_t add(std::string_view value, Slot& slot, std::uint32_t hash);
    void grow();

    std::vector<Slot> slots_;  // the number of slots is a power of two
    std::vector<std::int32_t> offsets_;
    std::vector<char> bytes_;
    SparseColumn<std::int32_t> indices_;
    std::int32_t last_ = -1;
    std::vector<std::int32_t> beside_;  // the last index beside each value of another column
};

}  // namespace millrace::silver
