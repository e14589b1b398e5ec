#include "python/rows.h"

#include <arrow/api.h>

#include <utility>

#include "storage/arrow_status.h"
#include "storage/typed_column.h"

namespace millrace::python {

namespace {

constexpr auto handing_rows_over = "handing rows to Python";

/// A buffer that keeps the object alive that its memory belongs to.
class KeptBuffer : public arrow::Buffer {
  public:
    KeptBuffer(std::shared_ptr<arrow::Buffer> buffer, std::shared_ptr<const void> owner)
        : Buffer(buffer->data(), buffer->size()), buffer_(std::move(buffer)), owner_(std::move(owner)) {}

  private:
    std::shared_ptr<arrow::Buffer> buffer_;
    std::shared_ptr<const void> owner_;
};

std::shared_ptr<arrow::ArrayData> keep_alive(const arrow::ArrayData& values,
                                             const std::shared_ptr<const void>& owner) {
    auto kept = std::make_shared<arrow::ArrayData>(values);
    for (auto& buffer : kept->buffers) {
        if (buffer) buffer = std::make_shared<KeptBuffer>(buffer, owner);
    }
    for (auto& child : kept->child_data) child = keep_alive(*child, owner);
    if (kept->dictionary) kept->dictionary = keep_alive(*kept->dictionary, owner);
    return kept;
}

}  // namespace

Rows::Rows(std::shared_ptr<arrow::Schema> schema, std::vector<std::shared_ptr<arrow::RecordBatch>> batches)
    : schema_(std::move(schema)), batches_(std::move(batches)) {
    for (const auto& batch : batches_) size_ += batch->num_rows();
}

std::shared_ptr<arrow::RecordBatchReader> Rows::reader() const {
    return storage::value_of(arrow::RecordBatchReader::Make(batches_, schema_), handing_rows_over);
}

std::shared_ptr<arrow::RecordBatch> keep_alive(const arrow::RecordBatch& rows,
                                               const std::shared_ptr<const void>& owner) {
    std::vector<std::shared_ptr<arrow::ArrayData>> columns;
    columns.reserve(static_cast<std::size_t>(rows.num_columns()));
    for (int i = 0; i < rows.num_columns(); ++i) columns.push_back(keep_alive(*rows.column_data(i), owner));
    return arrow::RecordBatch::Make(rows.schema(), rows.num_rows(), std::move(columns));
}

std::shared_ptr<arrow::RecordBatch> with_constant(const arrow::RecordBatch& rows,
                                                  const std::shared_ptr<arrow::Field>& field,
                                                  const arrow::Scalar& value) {
    const auto column =
        storage::value_of(arrow::MakeArrayFromScalar(value, rows.num_rows()), handing_rows_over);
    return storage::value_of(rows.AddColumn(rows.num_columns(), field, column), handing_rows_over);
}

std::shared_ptr<arrow::RecordBatch> with_schema(const arrow::RecordBatch& rows,
                                                const std::shared_ptr<arrow::Schema>& schema) {
    arrow::ArrayVector columns;
    columns.reserve(static_cast<std::size_t>(schema->num_fields()));
    for (const auto& field : schema->fields()) {
        const auto column = rows.GetColumnByName(field->name());
        columns.push_back(column ? storage::as_type(column, field->type(), field->name(), handing_rows_over)
                                 : storage::value_of(arrow::MakeArrayOfNull(field->type(), rows.num_rows()),
                                                     handing_rows_over));
    }
    return arrow::RecordBatch::Make(schema, rows.num_rows(), std::move(columns));
}

}  // namespace millrace::python
