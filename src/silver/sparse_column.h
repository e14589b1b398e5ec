#pragma once

#include <arrow/api.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace millrace::silver {

/// Rows without a value that follow each other.
struct NullRun {
    std::size_t first = 0;
    std::size_t count = 0;
};

/// Returns the validity bitmap of `rows` rows, or nullptr if no row is null. Throws Error if the memory
/// cannot be allocated.
std::shared_ptr<arrow::Buffer> validity_bitmap(const std::vector<NullRun>& nulls, std::size_t rows);

/// A column of numbers of which some rows are null. A column without a value takes no memory. The memory is
/// kept from batch to batch. Not thread-safe.
template <typename Value>
class SparseColumn {
  public:
    /// Appends a value, if there is one, as row number `row`. The rows between are null.
    void append(const std::optional<Value>& value, std::size_t row) {
        if (!value) return;
        pad(row);
        append(*value);
    }
    void append(const Value& value) { values_.push_back(value); }
    /// Appends nulls up to `rows` rows.
    void pad(std::size_t rows) {
        if (values_.size() < rows) append_nulls(rows);
    }
    [[nodiscard]] bool is_empty() const { return values_.empty(); }
    void clear() {
        values_.clear();
        nulls_.clear();
        null_count_ = 0;
    }

    /// Returns the column with `rows` rows, or nullptr if no row has a value. The array points into this
    /// object, which must outlive it and must not change. `type` must be as wide as the values.
    [[nodiscard]] std::shared_ptr<arrow::Array> array(const std::shared_ptr<arrow::DataType>& type,
                                                      std::size_t rows) {
        if (values_.empty()) return nullptr;
        pad(rows);
        return arrow::MakeArray(
            arrow::ArrayData::Make(type, static_cast<std::int64_t>(rows),
                                   {validity_bitmap(nulls_, rows), arrow::Buffer::Wrap(values_)},
                                   static_cast<std::int64_t>(null_count_)));
    }

  private:
    void append_nulls(std::size_t rows) {
        nulls_.push_back({values_.size(), rows - values_.size()});
        null_count_ += nulls_.back().count;
        values_.resize(rows);
    }

    std::vector<Value> values_;
    std::vector<NullRun> nulls_;
    std::size_t null_count_ = 0;  // rows, in all runs
};

}  // namespace millrace::silver
