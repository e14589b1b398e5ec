#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/util/bit_util.h>

#include <cstdint>
#include <string_view>

namespace millrace::storage {

/// A column of strings of some rows, plain or as a dictionary, or none. The rows must outlive the object.
class TextColumn {
  public:
    /// Throws an Error that names the column if it has another type.
    TextColumn(const arrow::RecordBatch& rows, const char* name);

    /// The distinct values of a dictionary, or those of all rows; nullptr if all are null, or if there is no
    /// such column.
    [[nodiscard]] const arrow::StringArray* values() const { return values_; }
    /// The place of a row's value among values(), or -1 for null.
    [[nodiscard]] std::int64_t place(std::int64_t row) const {
        if (valid_ != nullptr && !arrow::bit_util::GetBit(valid_, offset_ + row)) return -1;
        if (values_ == nullptr) return -1;
        return indices_ == nullptr ? row : indices_[row];
    }
    /// Empty where the value is null.
    [[nodiscard]] std::string_view operator[](std::int64_t row) const {
        const std::int64_t at = place(row);
        return at < 0 || values_->IsNull(at) ? std::string_view() : values_->GetView(at);
    }

  private:
    void read_encoded(const arrow::RecordBatch& rows, const char* name);

    const arrow::StringArray* values_ = nullptr;
    const std::int32_t* indices_ = nullptr;  // for each row, its place in values_
    const std::uint8_t* valid_ = nullptr;    // a bit for each row that is not null; nullptr if all are not
    std::int64_t offset_ = 0;                // the place of the first row in `valid_`
};

}  // namespace millrace::storage
