#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <variant>

#include "base/error.h"
#include "cli/command.h"
#include "cli/commands/layer.h"
#include "cli/output/terminal.h"
#include "cli/output/text_table.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct CountOptions {
    std::string layer = "silver";
    std::string by;
    bool as_json = false;
};

/// A value that rows are counted by, in the order of its type; null comes first.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string>;
using Counts = std::map<Value, std::int64_t>;

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

std::int64_t count_log(const bronze::EventLog& log) {
    std::int64_t records = 0;
    for (int p = 0; p < log.partitions(); ++p) records += log.offsets(p).end - log.offsets(p).start;
    return records;
}

Counts count_partitions(const bronze::EventLog& log) {
    Counts counts;
    for (int p = 0; p < log.partitions(); ++p)
        counts[std::int64_t{p}] = log.offsets(p).end - log.offsets(p).start;
    return counts;
}

/// The rows of a file by its log entry, or by reading it.
std::int64_t rows_of(const storage::DeltaTable& table, const arrow::Schema& schema,
                     const storage::AddFile& file) {
    if (const auto rows = storage::FileStats(file).rows()) return *rows;
    std::int64_t rows = 0;
    storage::scan_parquet(table.root() / file.path, schema, {},
                          [&](const arrow::RecordBatch& batch) { rows += batch.num_rows(); });
    return rows;
}

std::int64_t count_table(const storage::DeltaTable& table, const arrow::Schema& schema) {
    std::int64_t rows = 0;
    for (const auto& [path, file] : table.snapshot().files) rows += rows_of(table, schema, file);
    return rows;
}

Counts count_table(const storage::DeltaTable& table, const arrow::Schema& schema,
                   const storage::TableColumn& by) {
    const auto& partition_columns = table.snapshot().metadata.partition_columns;
    const bool is_partition = std::ranges::find(partition_columns, by.name) != partition_columns.end();
    Counts counts;
    for (const auto& [path, file] : table.snapshot().files) {
        if (is_partition) {
            counts[value_of(partition_cell(file.partition_values, by))] += rows_of(table, schema, file);
            continue;
        }
        storage::scan_parquet(table.root() / path, schema, {by.name}, [&](const arrow::RecordBatch& batch) {
            const auto column = batch.GetColumnByName(by.name);
            if (column == nullptr) counts[Value()] += batch.num_rows();  // from before it was added
            for (std::int64_t i = 0; column != nullptr && i < batch.num_rows(); ++i)
                ++counts[value_of(cell_of(*column, i))];
        });
    }
    return counts;
}

TextTable counts_table(const TextColumn& by, const Counts& counts) {
    TextTable table = TextTable::of({by, count_column("rows")});
    for (const auto& [value, rows] : counts) table.add({cell_from(value), rows});
    return table;
}

/// By the values of one column.
TextTable count_by(const Globals& globals, const CountOptions& options) {
    if (options.layer == "bronze") {
        const auto& column = column_of("bronze", bronze_columns(), options.by);
        if (column.name != "partition") throw usage_error("bronze can only be counted by partition");
        return counts_table(shown_column("bronze", column), count_partitions(*globals.open_log()));
    }
    const auto table = open_layer(globals, options.layer);
    const auto columns = storage::table_columns(table.snapshot().metadata.schema_json);
    const auto& column = column_of(options.layer, columns, options.by);
    if (column.is_nested())
        throw usage_error(
            fmt::format("{} cannot be counted by {}, which is a nested column; use: millrace sql",
                        options.layer, column.name));
    return counts_table(shown_column(options.layer, column),
                        count_table(table, *layer_columns(options.layer), column));
}

int count(const Globals& globals, const CountOptions& options) {
    tell_why_empty(globals, options.layer);
    if (!options.by.empty()) {
        print_table(count_by(globals, options), options.as_json);
        return 0;
    }
    const std::int64_t rows = options.layer == "bronze" ? count_log(*globals.open_log())
                                                        : count_table(open_layer(globals, options.layer),
                                                                      *layer_columns(options.layer));
    if (options.as_json) {
        TextTable table = TextTable::of({count_column("rows")});
        table.add({rows});
        print_table(table, true);
    } else {
        fmt::print("{}\n", on_terminal() ? base::format_count(rows) : fmt::format("{}", rows));
    }
    return 0;
}

}  // namespace

void add_count_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<CountOptions>();
    CLI::App* command = app.add_subcommand("count", "Count the rows of a layer.");
    add_choice(*command, "layer", options->layer, layer_names(), "Layer to count.");
    add_value(*command, "--by", options->by, "COLUMN", "Count the rows for each value of this column.");
    command->add_flag("--json", options->as_json, "Print the result as a JSON object.");
    command->callback(
        [&globals, options] { globals.action = [&globals, options] { return count(globals, *options); }; });
}

}  // namespace millrace::cli
