#include "serve/json_rows.h"

#include <arrow/api.h>

namespace millrace::serve {

namespace json = boost::json;

namespace {

json::value value_at(const arrow::Array& column, std::int64_t row) {
    if (column.IsNull(row)) return nullptr;
    switch (column.type_id()) {
        case arrow::Type::INT64:
            return static_cast<const arrow::Int64Array&>(column).Value(row);
        case arrow::Type::INT32:
            return static_cast<const arrow::Int32Array&>(column).Value(row);
        case arrow::Type::DOUBLE:
            return static_cast<const arrow::DoubleArray&>(column).Value(row);
        case arrow::Type::BOOL:
            return static_cast<const arrow::BooleanArray&>(column).Value(row);
        case arrow::Type::TIMESTAMP:
            return static_cast<const arrow::TimestampArray&>(column).Value(row) / 1000;
        case arrow::Type::DECIMAL128:
            return json::string(static_cast<const arrow::Decimal128Array&>(column).FormatValue(row));
        default:
            return json::string(static_cast<const arrow::StringArray&>(column).GetView(row));
    }
}

}  // namespace

json::array json_rows(const arrow::RecordBatch& rows) {
    json::array made;
    for (std::int64_t row = 0; row < rows.num_rows(); ++row) {
        json::object object;
        for (int i = 0; i < rows.num_columns(); ++i)
            object.emplace(rows.schema()->field(i)->name(), value_at(*rows.column(i), row));
        made.push_back(std::move(object));
    }
    return made;
}

}  // namespace millrace::serve
