#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "base/error.h"
#include "base/json.h"
#include "cli/command.h"
#include "cli/text_table.h"
#include "gold/gold_tables.h"
#include "model/timestamp.h"
#include "pipeline/archive_table.h"
#include "silver/silver_table.h"
#include "storage/column.h"
#include "storage/delta_table.h"
#include "storage/file_stats.h"
#include "storage/parquet_file.h"

namespace millrace::cli {

namespace json = boost::json;

namespace {

struct Options {
    std::string layer = "silver";
    std::int64_t limit = 20;
    std::vector<std::string> columns;
    std::string by;
    base::Duration last{};
    bool as_json = false;
};

constexpr const char* layers = "bronze, silver, quarantine, archive, or gold.TABLE (see: millrace gold list)";

/// The table of a layer, and the columns of its files.
struct Layer {
    storage::DeltaTable table;
    std::shared_ptr<arrow::Schema> columns;
};

/// Bronze has none.
Layer open_layer(const Globals& globals, const std::string& layer) {
    using storage::DeltaTable;
    const auto data = globals.data_directory();
    if (layer == "silver") return {DeltaTable::open(data.silver()), silver::silver_layout().schema};
    if (layer == "quarantine") return {DeltaTable::open(data.quarantine()), silver::quarantine_schema()};
    if (layer == "archive") return {DeltaTable::open(data.archive()), pipeline::archive_schema()};
    for (const gold::Table table : gold::all_tables) {
        if (layer == fmt::format("gold.{}", gold::table_name(table)))
            return {DeltaTable::open(data.gold() / gold::table_name(table)),
                    gold::table_layout(table).schema};
    }
    throw usage_error(fmt::format("opening the layer {}", layer), fmt::format("it must be {}", layers));
}

std::map<std::string, std::string> constants_of(const storage::AddFile& add) {
    return {add.partition_values.begin(), add.partition_values.end()};
}

void print(const TextTable& table, const Options& options) {
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(table.json(options.columns)));
    } else {
        fmt::print("{}\n", table.text(options.columns));
    }
}

/// The youngest records of the log, of each partition.
TextTable bronze_rows(const Globals& globals, std::int64_t limit) {
    TextTable table({"partition", "offset", "timestamp", "key", "value"});
    const auto log = globals.open_log();
    const std::int64_t share = std::max<std::int64_t>(1, limit / log->partitions());
    for (int p = 0; p < log->partitions(); ++p) {
        const auto held = log->offsets(p);
        const auto reader = log->read(p, std::max(held.start, held.end - share));
        for (auto records = reader->poll(1 << 20); !records.empty(); records = reader->poll(1 << 20)) {
            for (const auto& record : records) {
                table.add_row({fmt::format("{}", p), fmt::format("{}", record.offset),
                               model::format_timestamp(record.timestamp_ms * 1000), std::string(record.key),
                               std::string(record.value)});
            }
        }
    }
    return table;
}

/// The column that tells when a row's event, window or session began.
std::string time_column(const std::vector<std::string>& columns) {
    for (const char* name :
         {"window_start", "session_start", "first_seen", "event_timestamp", "kafka_timestamp"}) {
        if (std::ranges::find(columns, name) != columns.end()) return name;
    }
    throw usage_error("reading --last", "the rows of this layer have no time");
}

/// Rows that began in the last `span` before the newest one, in no order.
TextTable last_rows(const Layer& layer, const std::vector<std::string>& columns, const Options& options) {
    const storage::DeltaTable& table = layer.table;
    const std::string name = time_column(columns);
    std::int64_t newest = std::numeric_limits<std::int64_t>::min();
    for (const auto& [path, add] : table.snapshot().files)
        newest = std::max(newest, storage::FileStats(add).max_time(name).value_or(newest));
    TextTable shown(columns);
    for (const auto& [path, add] : table.snapshot().files) {
        if (storage::FileStats(add).max_time(name).value_or(newest) < newest - options.last.count()) continue;
        storage::scan_parquet(table.root() / path, *layer.columns, {}, [&](const arrow::RecordBatch& batch) {
            const auto& times = storage::column<arrow::TimestampArray>(batch, name.c_str());
            for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
                const bool wanted = times.Value(i) >= newest - options.last.count();
                if (wanted && static_cast<std::int64_t>(shown.rows()) < options.limit)
                    shown.add(*batch.Slice(i, 1), constants_of(add));
            }
        });
    }
    return shown;
}

/// The youngest rows of a table: those with the highest offsets of each file, newest files first.
TextTable table_rows(const Layer& layer, const Options& options) {
    const storage::DeltaTable& table = layer.table;
    const std::int64_t limit = options.limit;
    std::vector<const storage::AddFile*> files;
    for (const auto& [path, add] : table.snapshot().files) files.push_back(&add);
    std::ranges::sort(files, std::greater(), &storage::AddFile::modification_time);
    std::vector<std::string> columns;
    const auto schema = base::parse_json(table.snapshot().metadata.schema_json, "the table's schema");
    for (const auto& field : schema.at("fields").as_array())
        columns.emplace_back(field.at("name").as_string());
    if (options.last.count() > 0) return last_rows(layer, columns, options);
    TextTable shown(columns);
    for (const auto* add : files) {
        const std::int64_t left = limit - static_cast<std::int64_t>(shown.rows());
        if (left <= 0) break;
        const std::int64_t rows = storage::FileStats(*add).rows().value_or(0);
        std::int64_t skip = std::max<std::int64_t>(0, rows - left);
        const auto file = table.root() / add->path;
        storage::scan_parquet(file, *layer.columns, {}, [&](const arrow::RecordBatch& batch) {
            const std::int64_t from = std::min(skip, batch.num_rows());
            skip -= from;
            const auto rest = batch.Slice(from, limit - static_cast<std::int64_t>(shown.rows()));
            shown.add(*rest, constants_of(*add));
        });
    }
    return shown;
}

int show(const Globals& globals, const Options& options) {
    if (options.layer == "bronze") {
        print(bronze_rows(globals, options.limit), options);
        return 0;
    }
    print(table_rows(open_layer(globals, options.layer), options), options);
    return 0;
}

/// Rows by the values of one column, or in all under the empty one.
std::map<std::string, std::int64_t> count_rows(const Layer& layer, const std::string& by) {
    std::map<std::string, std::int64_t> counts;
    for (const auto& [path, add] : layer.table.snapshot().files) {
        const auto constants = constants_of(add);
        const auto constant = constants.find(by);
        const auto rows = storage::FileStats(add).rows();
        if ((by.empty() || constant != constants.end()) && rows) {
            counts[by.empty() ? "" : constant->second] += *rows;
            continue;
        }
        if (!by.empty() && layer.columns->GetFieldIndex(by) < 0)
            throw usage_error("counting rows", fmt::format("there is no column {}", by));
        const std::vector<std::string> columns = by.empty() ? std::vector<std::string>() : std::vector{by};
        const auto file = layer.table.root() / path;
        storage::scan_parquet(file, *layer.columns, columns, [&](const arrow::RecordBatch& batch) {
            const auto values = by.empty() ? nullptr : batch.GetColumnByName(by);
            if (!values) counts[""] += batch.num_rows();  // the file is older than the column
            for (std::int64_t i = 0; values && i < batch.num_rows(); ++i) ++counts[cell_text(*values, i)];
        });
    }
    return counts;
}

int count(const Globals& globals, const Options& options) {
    std::map<std::string, std::int64_t> counts;
    if (options.layer == "bronze") {
        if (!options.by.empty() && options.by != "partition")
            throw usage_error("counting bronze", "it can only be counted by partition");
        const auto log = globals.open_log();
        for (int p = 0; p < log->partitions(); ++p) {
            counts[options.by.empty() ? "" : fmt::format("{}", p)] +=
                log->offsets(p).end - log->offsets(p).start;
        }
    } else {
        counts = count_rows(open_layer(globals, options.layer), options.by);
    }
    if (options.by.empty()) {
        const std::int64_t total = counts[""];
        if (options.as_json) {
            fmt::print("{}\n", json::serialize(json::object{{"layer", options.layer}, {"rows", total}}));
        } else {
            fmt::print("{}\n", total);
        }
        return 0;
    }
    TextTable table({options.by, "rows"});
    json::object rows;
    for (const auto& [value, number] : counts) {
        table.add_row({value, fmt::format("{}", number)});
        rows[value] = number;
    }
    if (options.as_json) {
        fmt::print("{}\n", json::serialize(
                               json::object{{"layer", options.layer}, {"by", options.by}, {"rows", rows}}));
    } else {
        fmt::print("{}\n", table.text());
    }
    return 0;
}

}  // namespace

void add_show_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("show", "the youngest rows of a layer as a table");
    command->add_option("layer", options->layer, layers)->capture_default_str();
    command->add_option("--limit", options->limit, "rows at most")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command->add_option("--columns", options->columns, "only these columns")->delimiter(',');
    add_duration(*command, "--last", options->last,
                 "only rows that began so long before the newest one, or later");
    command->add_flag("--json", options->as_json, "as one JSON object");
    command->callback(
        [&globals, options] { globals.action = [&globals, options] { return show(globals, *options); }; });
}

void add_count_command(CLI::App& app, Globals& globals) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("count", "the rows of a layer");
    command->add_option("layer", options->layer, layers)->capture_default_str();
    command->add_option("--by", options->by, "by the values of this column");
    command->add_flag("--json", options->as_json, "as one JSON object");
    command->callback(
        [&globals, options] { globals.action = [&globals, options] { return count(globals, *options); }; });
}

}  // namespace millrace::cli
