#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "model/event.h"
#include "silver/dictionary_column.h"

namespace millrace::silver {

/// A column of which most rows are null. Nothing is stored until the first value. Not thread-safe.
template <typename Value>
class SparseColumn {
  public:
    /// Appends a value or null as row number `row`.
    void append(const std::optional<Value>& value, std::size_t row) {
        if (!value && values_.empty()) return;
        while (values_.size() < row) append_null();
        if (!value) return append_null();
        values_.push_back(*value);
    }
    void clear() {
        values_.clear();
        nulls_.clear();
    }
    [[nodiscard]] bool is_empty() const { return values_.empty(); }
    [[nodiscard]] const std::vector<Value>& values() const { return values_; }
    [[nodiscard]] const std::vector<std::uint32_t>& nulls() const { return nulls_; }

  private:
    void append_null() {
        nulls_.push_back(static_cast<std::uint32_t>(values_.size()));
        values_.push_back(Value{});
    }

    std::vector<Value> values_;
    std::vector<std::uint32_t> nulls_;
};

/// The columns of a data file that most events leave empty (model::EventDetails). A file whose events have no
/// details costs nothing per row. Not thread-safe.
class DetailColumns {
  public:
    /// Appends the details of row number `row`. Must be called for each row from the first one with details
    /// on, which has_rows() tells.
    void append(const model::EventDetails& details, std::size_t row);
    [[nodiscard]] bool has_rows() const { return has_rows_; }
    void clear();

    /// Returns the columns in the order of the silver table's layout, with `rows` rows. They point into this
    /// object, which must outlive them and must not change.
    [[nodiscard]] arrow::ArrayVector arrays(std::size_t rows) const;

  private:
    static void append_text(DictionaryColumn& column, const std::optional<std::string_view>& value,
                            std::size_t row);

    bool has_rows_ = false;
    DictionaryColumn anonymous_ids_, product_names_, brands_, coupons_, utm_sources_, utm_mediums_,
        utm_campaigns_, properties_;
    SparseColumn<std::int64_t> quantities_;
    SparseColumn<model::Timestamp> received_, device_times_;
    SparseColumn<double> discounts_;
    SparseColumn<model::Money> line_totals_;
};

}  // namespace millrace::silver
