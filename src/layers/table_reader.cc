#include "layers/table_reader.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <variant>

#include "base/error.h"
#include "storage/cell.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::layers {

namespace json = boost::json;

namespace {

/// A value that rows are counted by, in the order of its type; null comes first.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

Value value_of(const json::value& cell) {
    switch (cell.kind()) {
        case json::kind::null:
            return {};
        case json::kind::bool_:
            return cell.get_bool();
        case json::kind::int64:
            return cell.get_int64();
        case json::kind::double_:
            return cell.get_double();
        default:
            return std::string(cell.as_string());
    }
}

json::value cell_from(const Value& value) {
    return std::visit(
        [](const auto& held) -> json::value {
            if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>) {
                return nullptr;
            } else {
                return json::value_from(held);
            }
        },
        value);
}

storage::DeltaTable open_table(const TableLayer& layer) {
    if (storage::DeltaTable::exists(layer.folder)) return storage::DeltaTable::open(layer.folder);
    throw usage_error(fmt::format("opening {}", layer.folder.string()),
                      fmt::format("there is no table for {} yet", layer.name),
                      fmt::format("Make it with: {}, or with: millrace run", layer.command));
}

/// The columns to read of a file: all when one that is wanted is nested, since its values lie deeper in the
/// file.
std::vector<std::string> columns_to_read(const std::vector<storage::TableColumn>& columns,
                                         const std::string& time) {
    std::vector<std::string> names = {time};  // each file has it, even when only partition columns are wanted
    for (const auto& column : columns) {
        if (column.is_nested()) return {};
        names.push_back(column.name);
    }
    return names;
}

}  // namespace

TableReader::TableReader(TableLayer layer) : layer_(std::move(layer)), table_(open_table(layer_)) {}

std::vector<storage::TableColumn> TableReader::columns() const {
    return storage::table_columns(table_.snapshot().metadata.schema_json);
}

/// The rows of a file by its stats, or by reading it.
std::int64_t TableReader::rows_of(const storage::AddFile& file) const {
    if (const auto rows = storage::FileStats(file).rows()) return *rows;
    std::int64_t rows = 0;
    storage::scan_parquet(table_.root() / file.path, *layer_.file_columns, {},
                          [&](const arrow::RecordBatch& batch) { rows += batch.num_rows(); });
    return rows;
}

std::int64_t TableReader::count() const {
    std::int64_t rows = 0;
    for (const auto& [path, file] : table_.snapshot().files) rows += rows_of(file);
    return rows;
}

LayerReader::ValueCounts TableReader::count_by(const storage::TableColumn& column) const {
    if (column.is_nested())
        throw usage_error(
            fmt::format("{} cannot be counted by {}, which is a nested column; use: millrace sql",
                        layer_.name, column.name));
    const auto& partition_columns = table_.snapshot().metadata.partition_columns;
    const bool is_partition = std::ranges::find(partition_columns, column.name) != partition_columns.end();
    std::map<Value, std::int64_t> counts;
    for (const auto& [path, file] : table_.snapshot().files) {
        if (is_partition) {
            counts[value_of(storage::partition_cell(file.partition_values, column))] += rows_of(file);
            continue;
        }
        storage::scan_parquet(table_.root() / path, *layer_.file_columns, {column.name},
                              [&](const arrow::RecordBatch& batch) {
                                  const auto values = batch.GetColumnByName(column.name);
                                  if (values == nullptr)
                                      counts[Value()] += batch.num_rows();  // the column was added later
                                  for (std::int64_t i = 0; values != nullptr && i < batch.num_rows(); ++i)
                                      ++counts[value_of(storage::cell_of(*values, i))];
                              });
    }
    ValueCounts cells;
    for (const auto& [value, rows] : counts) cells.emplace_back(cell_from(value), rows);
    return cells;
}

LayerReader::Rows TableReader::newest(const std::vector<storage::TableColumn>& columns, std::int64_t limit,
                                      base::Duration last) const {
    storage::NewestRows wanted = layer_.order;
    wanted.limit = static_cast<std::size_t>(limit) + 1;
    auto places = storage::newest_rows(table_, wanted);
    Rows newest;
    newest.is_truncated =
        cut_rows(places, limit, last, [](const storage::RowPlace& place) { return place.time; });
    newest.cells.resize(places.size());
    storage::read_rows(table_, *wanted.columns, places, columns_to_read(columns, wanted.time),
                       [&](std::size_t place, const arrow::RecordBatch& batch, std::int64_t row) {
                           newest.cells[place] =
                               storage::cells_of(batch, row, columns, places[place].file->partition_values);
                       });
    return newest;
}

}  // namespace millrace::layers
