#include "storage/cell.h"

#include <arrow/api.h>

#include <algorithm>
#include <charconv>

#include "model/timestamp.h"
#include "storage/arrow_status.h"
#include "storage/column.h"

namespace millrace::storage {

namespace json = boost::json;

namespace {

json::array list_cell(const arrow::ListArray& list, std::int64_t row) {
    json::array cells;
    for (std::int64_t i = list.value_offset(row); i < list.value_offset(row) + list.value_length(row); ++i)
        cells.push_back(cell_of(*list.values(), i));
    return cells;
}

json::object struct_cell(const arrow::StructArray& fields, std::int64_t row) {
    json::object cells;
    for (int i = 0; i < fields.num_fields(); ++i)
        cells.emplace(fields.struct_type()->field(i)->name(), cell_of(*fields.field(i), row));
    return cells;
}

}  // namespace

json::value cell_of(const arrow::Array& column, std::int64_t row) {
    if (column.IsNull(row)) return nullptr;
    switch (column.type_id()) {
        case arrow::Type::BOOL:
            return dynamic_cast<const arrow::BooleanArray&>(column).Value(row);
        case arrow::Type::INT32:
            return dynamic_cast<const arrow::Int32Array&>(column).Value(row);
        case arrow::Type::INT64:
            return dynamic_cast<const arrow::Int64Array&>(column).Value(row);
        case arrow::Type::DOUBLE:
            return dynamic_cast<const arrow::DoubleArray&>(column).Value(row);
        case arrow::Type::TIMESTAMP:
            return json::string(
                model::format_timestamp(time_at(dynamic_cast<const arrow::TimestampArray&>(column), row)));
        case arrow::Type::STRING:
        case arrow::Type::BINARY:
            return json::string(dynamic_cast<const arrow::BinaryArray&>(column).GetView(row));
        case arrow::Type::DICTIONARY: {
            const auto& values = dynamic_cast<const arrow::DictionaryArray&>(column);
            return cell_of(*values.dictionary(), values.GetValueIndex(row));
        }
        case arrow::Type::LIST:
            return list_cell(dynamic_cast<const arrow::ListArray&>(column), row);
        case arrow::Type::STRUCT:
            return struct_cell(dynamic_cast<const arrow::StructArray&>(column), row);
        default:  // exact decimals, and what other writers add
            return json::string(value_of(column.GetScalar(row), "reading a cell")->ToString());
    }
}

json::value partition_cell(const PartitionValues& partition, const TableColumn& column) {
    const auto found = std::ranges::find(partition, column.name, &std::pair<std::string, std::string>::first);
    if (found == partition.end() || found->second.empty()) return nullptr;  // Delta's way to write null
    const std::string& text = found->second;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (whole && (column.type == "INTEGER" || column.type == "BIGINT")) return number;
    return json::string(text);
}

json::array cells_of(const arrow::RecordBatch& batch, std::int64_t row,
                     const std::vector<TableColumn>& columns, const PartitionValues& partition) {
    json::array cells;
    for (const auto& column : columns) {
        const auto values = batch.GetColumnByName(column.name);
        cells.push_back(values == nullptr ? partition_cell(partition, column) : cell_of(*values, row));
    }
    return cells;
}

}  // namespace millrace::storage
