#include "storage/join_rows.h"

#include <arrow/api.h>

#include <numeric>

#include "storage/arrow_status.h"

namespace millrace::storage {

namespace {

constexpr const char* joining = "joining rows";

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

/// Returns the type that holds the column's values in all batches, or nullptr if all of them lack the column.
/// A column of nothing but nulls takes any type.
std::shared_ptr<arrow::DataType> type_of(const Batches& batches, const std::string& name) {
    std::shared_ptr<arrow::DataType> type;
    for (const auto& batch : batches) {
        const auto column = batch->GetColumnByName(name);
        if (column && (!type || column->null_count() < column->length())) type = column->type();
    }
    return type;
}

std::shared_ptr<arrow::Array> join_column(const Batches& batches, const std::string& name,
                                          const std::shared_ptr<arrow::DataType>& type) {
    arrow::ArrayVector parts;
    for (const auto& batch : batches) {
        const auto column = batch->GetColumnByName(name);
        const bool is_null = !column || column->null_count() == column->length();
        parts.push_back(is_null ? value_of(arrow::MakeArrayOfNull(type, batch->num_rows()), joining)
                                : column);
    }
    return value_of(arrow::Concatenate(parts), joining);
}

}  // namespace

std::shared_ptr<arrow::RecordBatch> join_rows(const Batches& batches, const arrow::Schema& schema) {
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (const auto& field : schema.fields()) {
        const auto type = type_of(batches, field->name());
        if (!type) continue;
        columns.push_back(join_column(batches, field->name(), type));
        fields.push_back(field->WithType(type)->WithNullable(columns.back()->null_count() > 0));
    }
    const auto rows =
        std::accumulate(batches.begin(), batches.end(), std::int64_t{0},
                        [](std::int64_t sum, const auto& batch) { return sum + batch->num_rows(); });
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(columns));
}

}  // namespace millrace::storage
