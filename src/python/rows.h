#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace millrace::python {

/// Rows in memory, of one schema, that Python's libraries take over without copying (Arrow's C stream).
class Rows {
  public:
    Rows(std::shared_ptr<arrow::Schema> schema, std::vector<std::shared_ptr<arrow::RecordBatch>> batches);

    [[nodiscard]] const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
    [[nodiscard]] const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches() const { return batches_; }
    [[nodiscard]] std::int64_t size() const { return size_; }
    /// Returns a reader of all rows, which may outlive this object.
    [[nodiscard]] std::shared_ptr<arrow::RecordBatchReader> reader() const;

  private:
    std::shared_ptr<arrow::Schema> schema_;
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
    std::int64_t size_ = 0;
};

/// Returns the same rows, without a copy of their values, which keep `owner` of their memory alive.
std::shared_ptr<arrow::RecordBatch> keep_alive(const arrow::RecordBatch& rows,
                                               const std::shared_ptr<const void>& owner);

/// Returns the rows with one more column, which has the same value in each row.
std::shared_ptr<arrow::RecordBatch> with_constant(const arrow::RecordBatch& rows,
                                                  const std::shared_ptr<arrow::Field>& field,
                                                  const arrow::Scalar& value);

/// Returns the rows with the columns of `schema`, in its order and of its types, where they can be converted
/// (storage::as_type). A column that the rows lack has only nulls.
std::shared_ptr<arrow::RecordBatch> with_schema(const arrow::RecordBatch& rows,
                                                const std::shared_ptr<arrow::Schema>& schema);

}  // namespace millrace::python
