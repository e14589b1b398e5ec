#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>

#include "model/event.h"
#include "silver/dictionary_column.h"
#include "silver/sparse_column.h"

namespace millrace::silver {

/// The columns of a data file that most events leave empty (model::EventDetails). An event without details
/// costs nothing, nor does a column without a value. Not thread-safe.
class DetailColumns {
  public:
    /// Appends the details of row number `row`, whose product_id is the last of `product_ids`, if it has one.
    /// The rows between have none.
    void append(const model::EventDetails& details, const DictionaryColumn& product_ids, std::size_t row);
    void clear();

    /// Returns the columns in the order of the silver table's layout with `rows` rows, and nullptr for each
    /// one without a value. They point into this object, which must outlive them and must not change.
    [[nodiscard]] arrow::ArrayVector arrays(std::size_t rows);

  private:
    DictionaryColumn anonymous_ids_, product_names_, brands_, coupons_, utm_sources_, utm_mediums_,
        utm_campaigns_, properties_;
    SparseColumn<model::Timestamp> received_, device_times_;
    SparseColumn<arrow::Decimal128> quantities_;
    SparseColumn<double> discounts_;
    SparseColumn<std::int64_t> line_numbers_, order_refused_;
    SparseColumn<model::Money> line_totals_, order_totals_, order_discounts_, order_shippings_, order_taxes_;
};

}  // namespace millrace::silver
